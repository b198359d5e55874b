//! The wire: what an outlet and an inlet say to each other, through their [`Inbox`]es.

use crate::batch::Batch;

pub(crate) use crate::inbox::Inbox;

/// Down: from an outlet to an inlet. `sub` numbers the subscriptions of the receiver.
pub(crate) enum Down<T> {
    Events { sub: u32, batch: Batch<T> },
    Ended { sub: u32 },
}

/// Up: from an inlet to an outlet. `sub` numbers the subscriptions of the receiver.
pub(crate) enum Up {
    /// `demand` more events.
    Ask {
        sub: u32,
        demand: usize,
    },
    Cancel {
        sub: u32,
    },
    /// Stop producing; what is in flight is finished.
    Drain,
}
