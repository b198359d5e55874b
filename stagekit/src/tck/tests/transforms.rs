//! Producer-consumers that break the rules: two probes, and a task between them that plays its part badly.

use std::sync::Arc;

use super::bites;
use crate::cancel::Reason;
use crate::live::Subscribe;
use crate::tck::subject::{Passing, Soon, Transform, Under};
use crate::test::{Signal, TestConsumer, TestProducer};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It acknowledges early, as a probe does.
    ActsEarly,
    TakesWhatNobodyWants,
    LosesAnEvent,
    NeverCancels,
    TellsNoFailure,
    ForgetsWhatItHeld,
}
use Fault::*;

/// A probe that is never dropped, if it is to be forgotten.
struct Held(Option<TestConsumer<u64>>, bool);

impl Drop for Held {
    fn drop(&mut self) {
        if self.1 {
            std::mem::forget(self.0.take());
        }
    }
}

async fn run(mut taken: Held, mut out: TestProducer<u64>, fault: Fault) {
    let Some(taken) = &mut taken.0 else { return };
    let mut owed = 0;
    if fault == TakesWhatNobodyWants {
        taken.ask_now(1_000_000);
    }
    loop {
        tokio::select! {
            biased;
            signal = out.next_signal() => match signal {
                Signal::Ask(asked) => {
                    owed += asked;
                    if fault != TakesWhatNobodyWants {
                        taken.ask_now(asked);
                    }
                }
                Signal::Cancelled(_) | Signal::Drain => {
                    if fault != NeverCancels {
                        taken.cancel(Reason::Normal);
                    }
                }
            },
            came = taken.next_batch(), if owed > 0 && fault != ForgetsWhatItHeld => match came {
                Ok(mut events) => {
                    owed = owed.saturating_sub(events.len());
                    if fault == LosesAnEvent {
                        events.pop();
                    }
                    out.send(events).await;
                }
                Err(ended) => {
                    if fault != TellsNoFailure {
                        out.end(ended.reason().clone());
                    }
                    return;
                }
            },
        }
    }
}

fn begin(fault: Fault) -> Soon<'static, Passing<u64, u64>> {
    Box::pin(async move {
        let (mut input, mut output) = (TestProducer::new(), TestConsumer::new());
        let (mut taken, mut out) = (TestConsumer::new(), TestProducer::new());
        let (one, two) = (input.outlet(), out.outlet());
        let (joined, ()) = tokio::join!(taken.subscribe(&one, Subscribe::new()), input.listen());
        let (followed, ()) = tokio::join!(output.subscribe(&two, Subscribe::new()), out.listen());
        assert!(joined.is_ok() && followed.is_ok());
        let held = Held(Some(taken), matches!(fault, ForgetsWhatItHeld | NeverCancels));
        let task = tokio::spawn(run(held, out, fault));
        Passing { input, output, under: Under::of_task(task, || {}) }
    })
}

#[test]
fn each_check_bites() {
    let rogue = |fault| Transform {
        event: Arc::new(|n| n),
        begin: Arc::new(move || begin(fault)),
        ordered: true,
        poison: None,
    };
    let faults = [
        (ActsEarly, "law11_nothing_is_acknowledged_early"),
        (TakesWhatNobodyWants, "law02_it_holds_back_its_producer"),
        (LosesAnEvent, "law03_each_event_comes_out_once_and_in_order"),
        (NeverCancels, "required_spec402_a_cancel_goes_up"),
        (TellsNoFailure, "required_spec402_a_failure_goes_down"),
        (ForgetsWhatItHeld, "law11_what_it_held_has_failed"),
    ];
    bites(&faults, &crate::__tck_transform! { __tck_only_names [] }, &[], |fault| Err(rogue(fault).own_failures()));
}
