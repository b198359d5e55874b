//! Dispatchers that break the rules.

use std::collections::VecDeque;

use super::bites;
use crate::demand::Demand;
use crate::dispatcher::{Deliver, Dispatch, Sub};
use crate::receipt::Events;
use crate::subscribe::Subscribe;
use crate::tck::dispatcher;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    SendsTooMany,
    KeepsDemand,
    LosesAnEvent,
    GivesBackInAnotherOrder,
    SendsNothing,
    ClaimsTooMuch,
    WaitsForAll,
    HearsTheLastAskOnly,
    Overflows,
    ForgetsEvents,
    DoesNotCopy,
    RunsAhead,
}
use Fault::*;

struct Rogue(VecDeque<(Sub, usize)>, Fault);

impl Rogue {
    fn sum(&self) -> usize {
        self.0.iter().fold(0, |sum, turn| match self.1 {
            Overflows => sum.wrapping_add(turn.1),
            _ => sum.saturating_add(turn.1),
        })
    }
}

impl<T: Clone + Send> Dispatch<T> for Rogue {
    fn subscribe(&mut self, sub: Sub, _: &Subscribe<T>, _: usize) -> Result<(), String> {
        self.0.push_back((sub, 0));
        Ok(())
    }
    fn cancel(&mut self, sub: Sub) {
        if self.1 != KeepsDemand {
            self.0.retain(|turn| turn.0 != sub);
        }
    }
    fn ask(&mut self, sub: Sub, demand: Demand, _: &mut Deliver<'_, T>) {
        let fault = self.1;
        if let Some(turn) = self.0.iter_mut().find(|turn| turn.0 == sub) {
            turn.1 = match fault {
                HearsTheLastAskOnly => demand.get(),
                Overflows => turn.1.wrapping_add(demand.get()),
                _ => turn.1.saturating_add(demand.get()),
            };
        }
    }
    fn demand(&self) -> Demand {
        Demand::new(self.sum() + usize::from(self.1 == ClaimsTooMuch))
    }
    fn dispatch(&mut self, mut events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T> {
        match self.1 {
            LosesAnEvent => drop(events.split_front(1)),
            ForgetsEvents => std::mem::forget(events.split_front(1)),
            _ => {}
        }
        if self.1 == SendsNothing || self.1 == WaitsForAll && self.0.iter().any(|turn| turn.1 == 0) {
            return events;
        }
        while !events.is_empty() {
            let Some(at) = self.0.iter().position(|turn| turn.1 > 0) else { break };
            self.0.rotate_left(at);
            let turn = &mut self.0[0];
            let n = if self.1 == SendsTooMany { 2 } else { 1 };
            turn.1 = turn.1.saturating_sub(n);
            deliver.send(turn.0, events.split_front(n));
            self.0.rotate_left(1);
        }
        if self.1 == GivesBackInAnotherOrder {
            events.values.reverse();
        }
        events
    }
}

#[test]
fn each_check_bites() {
    let rogue = |fault| {
        let given = dispatcher(|n| n, move || Rogue(VecDeque::new(), fault));
        if matches!(fault, DoesNotCopy | RunsAhead) { given.copies() } else { given }
    };
    rogue(Nothing).check_all().unwrap();
    let faults = [
        (SendsTooMany, "required_spec101_never_more_than_asked"),
        (GivesBackInAnotherOrder, "required_spec101_never_more_than_asked"),
        (KeepsDemand, "required_spec109_a_number_is_used_again"),
        (KeepsDemand, "required_spec312_demand_goes_with_its_subscription"),
        (LosesAnEvent, "law03_events_are_conserved"),
        (ClaimsTooMuch, "law04_demand_is_what_was_asked"),
        (SendsNothing, "law06_progress"),
        (WaitsForAll, "required_spec202_others_are_served"),
        (HearsTheLastAskOnly, "required_spec308_asks_add_up"),
        (Overflows, "required_spec317_demand_does_not_overflow"),
        (ForgetsEvents, "required_spec313_references_are_dropped"),
        (DoesNotCopy, "optional_spec111_the_same_to_all_one_by_one"),
        (DoesNotCopy, "optional_spec111_the_same_to_all_at_once"),
        (RunsAhead, "optional_spec111_the_pace_of_the_slowest"),
    ];
    bites(&faults, &crate::__tck_dispatcher! { __tck_only_names [] }, &[], |fault| rogue(fault).check_all());
}
