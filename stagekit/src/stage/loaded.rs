//! What a synchronous body is working on, and what becomes of its receipts.

use std::vec::Drain;

use crate::batch::{Batch, Lend};
use crate::receipt::{Events, Receipts, Yields};
use crate::run::Run;
use crate::stage::care::settle;

/// The events a synchronous body is working on. It is the cursor too: what a panic leaves is still here.
pub(super) enum Loaded<In> {
    Nothing,
    Owned(Vec<In>, Option<Receipts>),
    Lent(Box<dyn Lend<In>>, usize, Option<Receipts>),
}

impl<In> From<Batch<In>> for Loaded<In> {
    fn from(batch: Batch<In>) -> Self {
        match batch {
            Batch::Owned(events) => Loaded::Owned(events.values, events.receipts),
            Batch::Lent(events, receipts) => Loaded::Lent(events, 0, receipts),
        }
    }
}

impl<In> Loaded<In> {
    pub(super) fn left(&self) -> usize {
        match self {
            Loaded::Nothing => 0,
            Loaded::Owned(events, _) => events.len(),
            Loaded::Lent(events, at, _) => events.events().len() - at,
        }
    }
}

/// What is loaded, being worked on.
pub(super) enum Working<'a, In> {
    Owned(Drain<'a, In>, &'a mut Option<Receipts>),
    Lent(&'a [In], &'a mut usize, &'a mut Option<Receipts>),
}

impl<In> Working<'_, In> {
    pub(super) fn left(&self) -> usize {
        match self {
            Working::Owned(events, _) => events.len(),
            Working::Lent(events, at, _) => events.len() - **at,
        }
    }

    /// The receipts that nobody has carried on.
    pub(super) fn receipts(&mut self) -> &mut Option<Receipts> {
        match self {
            Working::Owned(_, receipts) | Working::Lent(_, _, receipts) => receipts,
        }
    }
}

/// What has become of the events whose receipts are still in their column.
#[derive(Default)]
pub(super) struct Gone {
    pub(super) yields: Yields,
    /// Where what they have emitted begins.
    pub(super) before: usize,
}

impl Gone {
    /// Receipts are looked after from here on.
    pub(super) fn begin(&mut self, before: usize) {
        self.yields.clear();
        self.before = before;
    }

    /// Their receipts follow what came of them.
    pub(super) fn carry<T>(&mut self, column: &mut Option<Receipts>, out: &mut Events<T>) {
        out.carry(self.before, column, &self.yields);
        self.begin(out.values.len());
    }
}

/// An event was finished, and what came of it is behind `before`: its receipt can wait until the batch is, unless
/// something has failed.
#[inline(always)]
pub(super) fn note<In, R: Run<In>>(
    run: &mut R,
    receipts: &mut Option<Receipts>,
    before: usize,
    gone: &mut Gone,
    out: &mut Events<R::Out>,
) {
    if R::FALLIBLE && run.is_faulty() {
        gone.carry(receipts, out);
        let receipt = receipts.as_mut().and_then(Receipts::pop);
        settle(run, receipt, before, out);
        gone.begin(out.values.len());
    } else {
        gone.yields.add(out.values.len() - before);
    }
}
