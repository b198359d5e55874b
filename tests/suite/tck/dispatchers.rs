//! Stagekit's dispatchers, and one of a user.

use std::collections::VecDeque;

use stagekit::dispatcher::{Broadcast, Deliver, Demand as ByDemand, Dispatch, Partition, Sub};
use stagekit::live::Subscribe;
use stagekit::tck::dispatcher;
use stagekit::{Demand, Events, Overflow};

/// In turn, one event each.
#[derive(Default)]
struct RoundRobin(VecDeque<(Sub, usize)>);

impl<T> Dispatch<T> for RoundRobin {
    fn subscribe(&mut self, sub: Sub, _: &Subscribe<T>, _: usize) -> Result<(), String> {
        self.0.push_back((sub, 0));
        Ok(())
    }
    fn cancel(&mut self, sub: Sub) {
        self.0.retain(|turn| turn.0 != sub);
    }
    fn ask(&mut self, sub: Sub, demand: Demand, _: &mut Deliver<'_, T>) {
        if let Some(turn) = self.0.iter_mut().find(|turn| turn.0 == sub) {
            turn.1 = turn.1.saturating_add(demand.get());
        }
    }
    fn demand(&self) -> Demand {
        Demand::new(self.0.iter().fold(0, |sum, turn| sum.saturating_add(turn.1)))
    }
    fn dispatch(&mut self, mut events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T> {
        while !events.is_empty() {
            let Some(at) = self.0.iter().position(|turn| turn.1 > 0) else { break };
            self.0.rotate_left(at);
            let turn = &mut self.0[0];
            turn.1 -= 1;
            deliver.send(turn.0, events.split_front(1));
            self.0.rotate_left(1);
        }
        events
    }
}

fn thirds() -> Partition<u64> {
    Partition::new(["a", "b", "c"], |n: u64| Some((n, ["a", "b", "c"][n as usize % 3])))
}
fn third(sub: usize) -> Subscribe<u64> {
    Subscribe::new().partition(["a", "b", "c"][sub])
}

// Each rule is a test.
stagekit::tck_dispatcher!(by_demand, dispatcher(|n| n, ByDemand::new));
stagekit::tck_dispatcher!(by_demand_shuffled, dispatcher(|n| n, || ByDemand::new().shuffle_on_first_dispatch()));
stagekit::tck_dispatcher!(broadcast, dispatcher(|n| n, Broadcast::new).copies());
stagekit::tck_dispatcher!(
    broadcast_with_selectors,
    dispatcher(|n| n, Broadcast::new).copies().subscribe(|_| Subscribe::new().selector(|_| true))
);
stagekit::tck_dispatcher!(partition, dispatcher(|n| n, thirds).subscribe(third));
stagekit::tck_dispatcher!(
    partition_that_drops,
    dispatcher(|n| n, || thirds().on_full(100, Overflow::DropOldest)).subscribe(third)
);
stagekit::tck_dispatcher!(of_a_user, dispatcher(|n| n, RoundRobin::default));
