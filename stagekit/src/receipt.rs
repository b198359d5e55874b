//! Receipts: what lets an event be acknowledged at its source once its last effect is done.
//!
//! Events travel as [`Events`]: the values, and a [column](Receipts) of receipts that is absent unless the source can
//! acknowledge. An entry of the column is a number and is not an allocation; the column owns the duty to settle
//! its entries, so that an entry cannot be forgotten: what is dropped unsettled is failed (law l11).

// With their paths: the model checker's tests take this file as it is.
#[path = "receipt/column.rs"]
mod column;
#[path = "receipt/portions.rs"]
mod portions;
#[cfg(test)]
#[path = "receipt/tests.rs"]
mod tests;

pub use column::Receipts;
pub(crate) use column::{Receipt, Yields};
pub(crate) use portions::Portions;

/// Told by stagekit which of its receipts are done and which have failed, each exactly once.
///
/// Called from the task of whichever stage settles last: it should hand the news on and return.
///
/// # Panics
/// A panic of an acknowledger is contained, and ends the stage that settles, as a panic of the stage's own does. But
/// receipts are settled where events are dropped too, and so while another panic unwinds: a panic then aborts the
/// process, as any panic in a `Drop` does. An acknowledger must not panic.
pub trait Acknowledger: Send + Sync + 'static {
    /// The events behind these receipts have had all their effects.
    fn acknowledge(&self, receipts: &[u64]);
    /// The events behind these receipts failed, or were dropped before their last effect.
    fn fail(&self, receipts: &[u64]);
}

/// A batch of events: the values, and their receipts if the source can acknowledge.
///
/// The column, where there is one, is as long as the values.
#[derive(Debug)]
pub struct Events<T> {
    /// The events, in order.
    pub values: Vec<T>,
    /// Their receipts, in the same order; `None` for sources that cannot acknowledge.
    pub receipts: Option<Receipts>,
}

impl<T> Default for Events<T> {
    fn default() -> Self {
        Events { values: Vec::new(), receipts: None }
    }
}

impl<T> From<Vec<T>> for Events<T> {
    fn from(values: Vec<T>) -> Self {
        Events { values, receipts: None }
    }
}

impl<T> Events<T> {
    /// Events with receipts.
    ///
    /// # Panics
    /// If there is not exactly one receipt for each event.
    pub fn with_receipts(values: Vec<T>, receipts: Receipts) -> Self {
        assert_eq!(values.len(), receipts.len(), "one receipt for each event");
        Events { values, receipts: Some(receipts) }
    }

    /// How many events these are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds `more` behind these events.
    pub fn append(&mut self, more: Events<T>) {
        if self.values.is_empty() {
            *self = more;
            return;
        }
        match (&mut self.receipts, more.receipts) {
            (Some(column), Some(more)) => column.append(more),
            (none, Some(more)) => {
                let mut column = Receipts::nobodys(self.values.len());
                column.append(more);
                *none = Some(column);
            }
            (_, None) => {}
        }
        self.values.extend(more.values);
        self.align();
    }

    /// Takes the first `n` events off, or all there are, copying only those.
    pub fn split_front(&mut self, n: usize) -> Events<T> {
        if n >= self.values.len() {
            return std::mem::take(self);
        }
        // The capacity stays with the rest: a small head never carries a large allocation away.
        let values = self.values.drain(..n).collect();
        Events { values, receipts: Receipts::cut(&mut self.receipts, n) }
    }

    /// The values, once their receipts are acknowledged.
    #[cfg(any(test, feature = "test"))]
    pub(crate) fn done(self) -> Vec<T> {
        if let Some(receipts) = self.receipts {
            receipts.acknowledge();
        }
        self.values
    }

    /// Everything is done.
    pub(crate) fn acknowledge(self) {
        if let Some(receipts) = self.receipts {
            receipts.acknowledge();
        }
    }

    /// Adds one event.
    pub(crate) fn push(&mut self, value: T, receipt: Option<Receipt>) {
        if let Some(receipt) = receipt {
            self.pad(self.values.len(), &receipt);
            self.attach(receipt);
            self.values.push(value);
        } else {
            self.values.push(value);
            self.align();
        }
    }

    /// Adds the receipt of the first value that has none.
    pub(crate) fn attach(&mut self, receipt: Receipt) {
        self.receipts.get_or_insert_with(|| receipt.column()).push(receipt);
    }

    /// Sees to it that there is a column for receipts like this one, and that it covers the first `n` values: the
    /// next receipt is that of value `n`.
    pub(crate) fn pad(&mut self, n: usize, like: &Receipt) {
        let column = self.receipts.get_or_insert_with(|| like.column());
        let missing = n.saturating_sub(column.len());
        if missing > 0 {
            column.append(Receipts::nobodys(missing));
        }
    }

    /// The receipts of events that were taken from `column` go with what they have emitted: the values from number
    /// `before` on, as far as `yields` knows.
    pub(crate) fn carry(&mut self, before: usize, column: &mut Option<Receipts>, yields: &Yields) {
        let Some(from) = column else { return };
        match &mut self.receipts {
            none @ None if before == 0 && yields.is_one_each(from.len()) => *none = column.take(),
            to => {
                let to = to.get_or_insert_with(|| from.empty_like());
                let missing = before.saturating_sub(to.len());
                if missing > 0 {
                    to.append(Receipts::nobodys(missing));
                }
                from.carry(yields, to);
                if to.is_empty() {
                    self.receipts = None;
                }
            }
        }
    }

    /// Where there is a column, values behind its end get receipts that mean nothing.
    pub(crate) fn align(&mut self) {
        if let Some(column) = &mut self.receipts {
            let missing = self.values.len().saturating_sub(column.len());
            if missing > 0 {
                column.append(Receipts::nobodys(missing));
            }
        }
    }
}
