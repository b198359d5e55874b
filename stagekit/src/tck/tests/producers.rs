//! Producers that break the rules, at the wire.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::bites;
use crate::batch::Batch;
use crate::cancel::{Ended, Reason};
use crate::live::{OutletRef, Subscribe};
use crate::subscription::{Door, Down, Target, Up};
use crate::tck::subject::{Emitting, Producer, Soon, Under};
use crate::test::TestConsumer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    SendsUnasked,
    SendsTooMany,
    SendsNothing,
    LosesTheLast,
    NeverEnds,
    EndsAsFailure,
    FailsAsNormal,
    EndsTwice,
    SendsAfterTheEnd,
    SendsAfterTheCancel,
    AnswersAsksAfterTheCancel,
    ConfirmsTwice,
    IgnoresTheCancel,
    HearsTheLastAskOnly,
    HearsTheFirstAskOnly,
    SendsForNought,
    Overflows,
    KeepsItsConsumer,
    LeavesItsDoorOpen,
    IgnoresTheDrain,
}
use Fault::*;

/// A producer on the wire.
struct Rogue {
    door: Arc<Door<u64>>,
    target: Option<Target<u64>>,
    fault: Fault,
    cancelled: bool,
}

impl Rogue {
    fn send(&self, events: std::ops::Range<u64>) {
        if let (Some(target), false) = (&self.target, events.is_empty()) {
            let batch = Batch::Owned(events.collect::<Vec<_>>().into());
            let _ = target.inbox.send(Down::Events { sub: target.sub, batch });
        }
    }

    fn end(&self, ended: Ended) {
        if let Some(target) = &self.target {
            let _ = target.inbox.send(Down::Ended { sub: target.sub, ended });
        }
    }

    async fn run(mut self, n: u64) {
        let (mut next, mut owed, mut asks, mut armed) = (0, 0_usize, 0, None);
        loop {
            let mut messages = Vec::new();
            poll_fn(|cx| match self.door.inbox.drain(cx, &mut armed, &mut messages) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            for message in messages {
                let message = match message {
                    Up::Again { sub, demand, .. } => Up::Ask { sub, demand: demand as usize },
                    message => message,
                };
                match message {
                    Up::Subscribe(subscriber) => {
                        if let Some(confirm) = subscriber.confirm {
                            let _ = confirm.send(Ok(()));
                        }
                        self.target = subscriber.target;
                        if self.fault == SendsUnasked {
                            self.send(0..1);
                        }
                    }
                    Up::Ask { demand, .. } => {
                        asks += 1;
                        owed = match self.fault {
                            HearsTheLastAskOnly => demand,
                            HearsTheFirstAskOnly if asks > 1 => owed,
                            SendsForNought => owed.saturating_add(demand.max(1)),
                            SendsNothing => 0,
                            Overflows => owed.wrapping_add(demand),
                            AnswersAsksAfterTheCancel if self.cancelled => owed + demand,
                            _ if self.cancelled => owed,
                            _ => owed.saturating_add(demand),
                        };
                    }
                    Up::Again { .. } => {}
                    Up::Cancel { ended, .. } if self.fault == IgnoresTheCancel => drop(ended),
                    Up::Cancel { ended, .. } => {
                        self.cancelled = true;
                        if self.fault == SendsAfterTheCancel {
                            self.send(next..next + 50);
                        }
                        if self.fault == AnswersAsksAfterTheCancel {
                            continue;
                        }
                        self.end(ended.clone());
                        if self.fault == ConfirmsTwice {
                            self.end(ended);
                        }
                        return self.over();
                    }
                    Up::Drain if self.fault != IgnoresTheDrain => next = n,
                    Up::Drain | Up::Note(_) => {}
                }
            }
            let mut until = n.min(next.saturating_add(owed as u64));
            if self.fault == SendsTooMany && owed > 0 {
                until = n.min(until + 1);
            }
            owed = owed.saturating_sub((until - next) as usize);
            let sent =
                if self.fault == LosesTheLast && until == n { next..until.max(next + 1) - 1 } else { next..until };
            self.send(sent);
            next = until;
            if next == n && self.target.is_some() && (n > 0 || asks > 0) && self.fault != NeverEnds {
                let failure = self.fault == EndsAsFailure;
                self.end(Ended::Down(if failure { Reason::error("broken") } else { Reason::Normal }));
                if self.fault == EndsTwice {
                    self.end(Ended::Down(Reason::Normal));
                }
                if self.fault == SendsAfterTheEnd {
                    self.send(0..1);
                }
                return self.over();
            }
        }
    }

    /// It has ended, and said so.
    fn over(mut self) {
        let target = self.target.take();
        if self.fault == KeepsItsConsumer {
            std::mem::forget(target);
        }
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        let reason = if self.fault == FailsAsNormal { Reason::Normal } else { Reason::error("aborted") };
        self.end(Ended::Down(reason));
        if self.fault != LeavesItsDoorOpen {
            self.door.inbox.close();
        }
    }
}

fn begin(fault: Fault, n: u64, fails: bool) -> Soon<'static, Emitting<u64>> {
    Box::pin(async move {
        let door = Door::new();
        let outlet = OutletRef::new(door.clone());
        let rogue = Rogue { door: door.clone(), target: None, fault, cancelled: false };
        let task = tokio::spawn(async move {
            rogue.run(n).await;
            assert!(!fails, "broken");
        });
        let mut output = TestConsumer::new();
        let _ = output.subscribe(&outlet, Subscribe::new()).await;
        let drain = move || _ = door.send(Up::Drain);
        Emitting { output, under: Under::of_task(task, drain), outlet: Some(outlet), helper: None }
    })
}

fn rogue(fault: Fault) -> Producer<u64> {
    let failing = move || {
        let how = if fault == Nothing { EndsAsFailure } else { fault };
        begin(how, 3, true)
    };
    Producer { begin: Arc::new(move |n| begin(fault, n, false)), failing: Some(Box::new(failing)) }
}

#[test]
fn each_check_bites() {
    rogue(Nothing).check_all().unwrap();
    let faults = [
        (SendsUnasked, "required_spec201_nothing_comes_unasked"),
        (SendsTooMany, "required_spec101_never_more_than_asked"),
        (SendsNothing, "law06_progress"),
        (LosesTheLast, "required_spec303_no_recursion"),
        (NeverEnds, "required_spec102_may_send_fewer_and_end"),
        (EndsAsFailure, "required_spec105_the_end_is_told_as_normal"),
        (FailsAsNormal, "required_spec104_an_abort_is_told_as_a_failure"),
        (FailsAsNormal, "optional_spec104_a_failure_is_told_once"),
        (EndsTwice, "required_spec107_nothing_after_the_end"),
        (SendsAfterTheEnd, "required_spec107_nothing_after_the_end"),
        (SendsAfterTheCancel, "required_spec108_events_stop_after_cancel"),
        (AnswersAsksAfterTheCancel, "required_spec306_an_ask_after_cancel_is_nothing"),
        (ConfirmsTwice, "required_spec307_a_second_cancel_is_nothing"),
        (IgnoresTheCancel, "required_spec312_a_cancel_reaches_it"),
        (HearsTheLastAskOnly, "required_spec308_asks_add_up"),
        (HearsTheFirstAskOnly, "required_spec302_an_ask_for_each_event"),
        (SendsForNought, "required_spec309_an_ask_for_nought_is_nothing"),
        (Overflows, "required_spec317_demand_does_not_overflow"),
        (KeepsItsConsumer, "required_spec313_references_are_dropped"),
        (LeavesItsDoorOpen, "optional_spec109_refuses_by_a_value"),
        (IgnoresTheDrain, "law12_drained_it_ends"),
    ];
    // What is called there is the probe's half of the subscription: no producer can break it.
    let exempt = ["required_spec315_asks_and_cancels_return"];
    bites(&faults, &crate::__tck_producer! { __tck_only_names [] }, &exempt, |fault| rogue(fault).check_all());
}
