//! Sources that break the rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use super::bites;
use crate::demand::Demand;
use crate::producer::{More, Source};
use crate::receipt::{Acknowledger, Events, Receipts};
use crate::tck::{Settled, source};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    GivesTooMany,
    GivesNoReceipts,
    NeverEnds,
    GoesOnAfterTheEnd,
    NeverWakes,
    CountsTwice,
    ForgetsFailures,
    PanicsWhenSettledElsewhere,
}
use Fault::*;

#[derive(Default)]
struct Book(AtomicU64, AtomicU64);

struct Told(Arc<Book>, Fault, std::thread::ThreadId);

impl Acknowledger for Told {
    fn acknowledge(&self, receipts: &[u64]) {
        let elsewhere = std::thread::current().id() != self.2;
        assert!(!(elsewhere && self.1 == PanicsWhenSettledElsewhere), "called on another thread");
        let times = if self.1 == CountsTwice { 2 } else { 1 };
        self.0.0.fetch_add(times * receipts.len() as u64, Ordering::SeqCst);
    }
    fn fail(&self, receipts: &[u64]) {
        if self.1 != ForgetsFailures {
            self.0.1.fetch_add(receipts.len() as u64, Ordering::SeqCst);
        }
    }
}

struct Rogue(std::ops::Range<u64>, Arc<Book>, Fault, bool);

impl Source<u64> for Rogue {
    fn poll_events(&mut self, _: &mut Context<'_>, demand: Demand, out: &mut Events<u64>) -> Poll<More> {
        if self.2 == NeverWakes {
            return Poll::Pending;
        }
        if self.3 && self.2 == GoesOnAfterTheEnd {
            out.append(vec![0].into());
        }
        let n = demand.get() + usize::from(self.2 == GivesTooMany);
        let values: Vec<_> = self.0.by_ref().take(n).collect();
        if self.2 == GivesNoReceipts {
            out.append(values.into());
        } else {
            let told = Told(self.1.clone(), self.2, std::thread::current().id());
            let receipts = Receipts::new(Arc::new(told), values.iter().copied());
            out.append(Events::with_receipts(values, receipts));
        }
        self.3 = self.0.is_empty();
        let more = if self.3 && self.2 != NeverEnds { More::Ended } else { More::Yes };
        Poll::Ready(more)
    }
}

#[test]
fn each_check_bites() {
    let rogue = |fault| {
        source(move |n| {
            let book = Arc::<Book>::default();
            let told = book.clone();
            let of = |count: &AtomicU64| count.load(Ordering::SeqCst);
            let settled = move || Settled { acknowledged: of(&told.0), failed: of(&told.1) };
            (Rogue(0..n, book, fault, false), settled)
        })
    };
    rogue(Nothing).check_all().unwrap();
    let faults = [
        (GivesTooMany, "required_spec101_never_more_than_asked"),
        (GivesNoReceipts, "required_spec101_never_more_than_asked"),
        (NeverWakes, "required_spec101_never_more_than_asked"),
        (GoesOnAfterTheEnd, "required_spec107_nothing_after_the_end"),
        (CountsTwice, "law11_acknowledged_once"),
        (CountsTwice, "law11_settled_through_a_pipeline"),
        (ForgetsFailures, "law11_dropped_is_failed"),
        (PanicsWhenSettledElsewhere, "required_spec315_receipts_outlive_their_source"),
    ];
    // A source that never ends keeps a pipeline busy for ever: its own checks only.
    let broken = std::panic::catch_unwind(|| {
        crate::tck::run(&rogue(NeverEnds), |given| Box::pin(crate::tck::source::required_spec102_it_ends(given)));
    });
    assert!(broken.is_err(), "a source that never ends should break 1.2");
    let exempt = [];
    bites(&faults, &crate::__tck_source! { __tck_only_names [] }, &exempt, |fault| rogue(fault).check_all());
}
