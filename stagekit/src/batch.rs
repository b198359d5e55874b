//! Batches as they travel: owned, or lent to several stages by a broadcast.

use std::ops::Range;
use std::sync::Arc;

use crate::receipt::{Events, Receipts};

/// A batch as it travels: owned, or lent to several stages by a broadcast.
pub(crate) enum Batch<T> {
    /// Nobody else has these events.
    Owned(Events<T>),
    /// Several stages read these events.
    Lent(Box<dyn Lend<T>>, Option<Receipts>),
}

/// Events that several stages read.
pub trait Lend<T>: Send + Sync {
    /// The events.
    fn events(&self) -> &[T];
    /// Some of the same events for one reader more.
    fn another(&self, which: Range<usize>) -> Box<dyn Lend<T>>;
}

/// A part of a batch that several stages read.
struct Lent<T> {
    events: Arc<Vec<T>>,
    which: Range<usize>,
}

impl<T: Send + Sync + 'static> Lend<T> for Lent<T> {
    fn events(&self) -> &[T] {
        &self.events[self.which.clone()]
    }
    fn another(&self, which: Range<usize>) -> Box<dyn Lend<T>> {
        let which = self.which.start + which.start..self.which.start + which.end;
        Box::new(Lent { events: self.events.clone(), which })
    }
}

/// A batch for several readers.
pub(crate) fn lend<T: Send + Sync + 'static>(events: Vec<T>) -> Box<dyn Lend<T>> {
    let which = 0..events.len();
    Box::new(Lent { events: Arc::new(events), which })
}

/// One event that a broadcast lends: it is `Send` whatever the event is, because only events that are `Sync` are lent.
pub struct Loan<'a, T> {
    lend: &'a dyn Lend<T>,
    index: usize,
}

impl<T> Clone for Loan<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Loan<'_, T> {}

impl<'a, T> Loan<'a, T> {
    pub(crate) fn new(lend: &'a dyn Lend<T>, index: usize) -> Self {
        Loan { lend, index }
    }

    /// The event.
    pub fn get(&self) -> &'a T {
        &self.lend.events()[self.index]
    }
}

impl<T> From<Events<T>> for Batch<T> {
    fn from(events: Events<T>) -> Self {
        Batch::Owned(events)
    }
}

impl<T> Batch<T> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Batch::Owned(events) => events.len(),
            Batch::Lent(events, _) => events.events().len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the first `n` events off.
    pub(crate) fn split_front(&mut self, n: usize) -> Batch<T> {
        match self {
            Batch::Owned(events) => Batch::Owned(events.split_front(n)),
            Batch::Lent(events, receipts) => {
                let (n, all) = (n.min(events.events().len()), events.events().len());
                let front = events.another(0..n);
                *events = events.another(n..all);
                Batch::Lent(front, receipts.as_mut().map(|receipts| receipts.split_front(n)))
            }
        }
    }
}

/// How the events of a broadcast reach one leg: cloned, or lent.
pub struct Copier<T>(pub(crate) Way<T>);

pub(crate) enum Way<T> {
    Clone(fn(&[T]) -> Vec<T>),
    Lend(fn(Vec<T>) -> Box<dyn Lend<T>>),
}
impl<T> Clone for Copier<T> {
    fn clone(&self) -> Self {
        Copier(match &self.0 {
            Way::Clone(f) => Way::Clone(*f),
            Way::Lend(f) => Way::Lend(*f),
        })
    }
}

pub(crate) fn clone_all<T: Clone>(events: &[T]) -> Vec<T> {
    events.to_vec()
}
