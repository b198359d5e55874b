//! Consumers that break the rules, at the wire.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::bites;
use crate::batch::Batch;
use crate::cancel::{Ended, Reason};
use crate::subscribe::{Subscribe, fresh_tag};
use crate::subscription::{Door, Down, Inbox, Subscriber, Target, Up};
use crate::tck::subject::{Consumer, Soon, Taking, Under};
use crate::test::TestProducer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    NeverAsks,
    AsksOnce,
    AsksTooMuch,
    NeverEnds,
    FailsAtTheEnd,
    NeverCancels,
    FailsItsEvents,
    ForgetsItsEvents,
    AcknowledgesItsPanic,
    KeepsItsProducer,
    KeepsItsInbox,
}
use Fault::*;

struct Rogue {
    door: Arc<Door<u64>>,
    inbox: Arc<Inbox<Down<u64>>>,
    number: u32,
    fault: Fault,
    cancelled: bool,
}

impl Rogue {
    fn ask(&self, demand: usize) {
        if self.fault != NeverAsks {
            let _ = self.door.send(Up::Ask { sub: self.number, demand });
        }
    }

    fn cancel(&mut self) {
        if !std::mem::replace(&mut self.cancelled, true) && self.fault != NeverCancels {
            let ended = Ended::Cancelled(Reason::Normal);
            let _ = self.door.send(Up::Cancel { sub: self.number, ended });
        }
    }

    async fn run(mut self) {
        let mut armed = None;
        self.ask(100);
        loop {
            let mut messages = Vec::new();
            poll_fn(|cx| match self.inbox.drain(cx, &mut armed, &mut messages) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            for message in messages {
                match message {
                    Down::Events { batch: Batch::Owned(events), .. } => {
                        let n = events.len();
                        let poisoned = events.values.contains(&13_000_000);
                        match self.fault {
                            FailsItsEvents => drop(events),
                            ForgetsItsEvents => std::mem::forget(events),
                            AcknowledgesItsPanic => events.acknowledge(),
                            _ if poisoned => drop(events),
                            _ => events.acknowledge(),
                        }
                        match self.fault {
                            AsksOnce => {}
                            AsksTooMuch => self.ask(n + 1),
                            _ => self.ask(n),
                        }
                    }
                    Down::Ended { .. } => {
                        assert!(self.fault != FailsAtTheEnd, "the end");
                        if self.fault != NeverEnds {
                            self.cancelled = true;
                            return;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.cancel();
        if self.fault == KeepsItsProducer {
            std::mem::forget(self.door.clone());
        }
        if self.fault == KeepsItsInbox {
            return std::mem::forget(self.inbox.clone());
        }
        let unread = self.inbox.close();
        if self.fault == ForgetsItsEvents {
            std::mem::forget(unread);
        }
    }
}

fn begin(fault: Fault) -> Soon<'static, Taking<u64>> {
    Box::pin(async move {
        let mut input = TestProducer::new();
        let order = input.outlet().order(Subscribe::new(), None);
        let Some(order) = order else { unreachable!("the probe has a door") };
        let (door, inbox) = (order.to, Inbox::new());
        let number = door.number();
        let target = Target { inbox: inbox.clone(), sub: 0 };
        let (tag, options) = (fresh_tag(), Subscribe::new());
        let subscriber =
            Subscriber { sub: number, tag, target: Some(target), ask: 0, options, copier: None, confirm: None };
        let _ = door.send(Up::Subscribe(Box::new(subscriber)));
        let rogue = Rogue { door, inbox, number, fault, cancelled: false };
        let mut under = Under::of_task(tokio::spawn(rogue.run()), || {});
        under.ends_with_consumers = false;
        input.listen().await;
        Taking { input, under, helper: None }
    })
}

fn rogue(fault: Fault) -> Consumer<u64> {
    let poison = Arc::new(|| 13_000_000);
    Consumer { event: Arc::new(|n| n), begin: Arc::new(move || begin(fault)), poison: Some(poison) }
}

#[test]
fn each_check_bites() {
    rogue(Nothing).check_all().unwrap();
    let faults = [
        (NeverAsks, "required_spec201_it_asks"),
        (AsksOnce, "required_spec201_it_asks"),
        (AsksTooMuch, "law02_pending_is_bounded"),
        (NeverEnds, "required_spec204_it_ends_after_the_end"),
        (NeverEnds, "required_spec210_a_failure_without_events"),
        (FailsAtTheEnd, "required_spec209_the_end_without_events"),
        (FailsAtTheEnd, "required_spec209_the_end_with_demand"),
        (NeverCancels, "required_spec206_it_cancels_when_it_is_gone"),
        (FailsItsEvents, "law11_receipts_are_acknowledged_once"),
        (ForgetsItsEvents, "law11_what_is_dropped_has_failed"),
        (ForgetsItsEvents, "required_spec210_a_failure_with_demand"),
        (KeepsItsInbox, "required_spec208_events_after_the_cancel"),
        (AcknowledgesItsPanic, "optional_spec213_a_panic_is_contained"),
        (KeepsItsProducer, "required_spec313_references_are_dropped"),
        (FailsItsEvents, "law12_drained_it_handles_what_is_in_flight"),
    ];
    bites(&faults, &crate::__tck_consumer! { __tck_only_names [] }, &[], |fault| rogue(fault).check_all());
}
