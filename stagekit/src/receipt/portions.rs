//! Events that leave a batch bit by bit.

use super::{Events, Receipts};

/// Events that leave in portions: each costs what it is long, however long the rest is.
pub(crate) struct Portions<T> {
    values: std::vec::IntoIter<T>,
    receipts: Option<Receipts>,
}

impl<T> std::fmt::Debug for Portions<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Portions({})", self.len())
    }
}

impl<T> From<Events<T>> for Portions<T> {
    fn from(events: Events<T>) -> Self {
        Portions { values: events.values.into_iter(), receipts: events.receipts }
    }
}

impl<T> Portions<T> {
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first `n` events, or all that are left.
    pub(crate) fn take(&mut self, n: usize) -> Events<T> {
        if n >= self.len() {
            let values = std::mem::take(&mut self.values);
            // A batch of which nothing was taken keeps its memory.
            return Events { values: values.collect(), receipts: self.receipts.take() };
        }
        let values = self.values.by_ref().take(n).collect();
        Events { values, receipts: Receipts::cut(&mut self.receipts, n) }
    }
}
