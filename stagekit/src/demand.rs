//! Demand: how many more events somebody will take. The only currency of back-pressure in stagekit.

use std::fmt;

/// How many more events a consumer will take, in events.
///
/// A producer whose function takes a `Demand` is called with how many events are wanted (GenStage's
/// `handle_demand`). It may return fewer: the rest is owed, and it is called again.
///
/// ```
/// use stagekit::Demand;
/// let wanted = Demand::new(3);
/// assert_eq!((0..).take(wanted.get()).collect::<Vec<_>>(), [0, 1, 2]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Demand(usize);

impl Demand {
    /// Nothing is wanted.
    pub const ZERO: Demand = Demand(0);

    /// A demand of `events` events.
    pub const fn new(events: usize) -> Self {
        Demand(events)
    }

    /// The number of events wanted.
    pub const fn get(self) -> usize {
        self.0
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
