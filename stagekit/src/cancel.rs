//! Why a subscription, or a stage, has ended; and what its consumer makes of it.

use std::fmt;
use std::sync::Arc;

/// Why a subscription, or a stage, has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Everything that was to be done is done.
    Normal,
    /// Somebody asked it to stop.
    Shutdown,
    /// A callback returned an error or panicked, or a user cancelled with a text of their own.
    Error(Arc<str>),
    /// There was nobody to subscribe to: the producer had ended already (GenStage's `:noproc`).
    NotAlive,
    /// The producer did not accept the subscription; the text says why, and what to do.
    Refused(Arc<str>),
}

impl Reason {
    /// An ending that is nobody's fault: [`Normal`](Reason::Normal) or [`Shutdown`](Reason::Shutdown).
    pub fn is_normal(&self) -> bool {
        matches!(self, Reason::Normal | Reason::Shutdown)
    }

    /// A reason in the user's own words.
    pub fn error(text: impl fmt::Display) -> Self {
        Reason::Error(text.to_string().into())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Normal => f.write_str("normal"),
            Reason::Shutdown => f.write_str("shutdown"),
            Reason::Error(text) => f.write_str(text),
            Reason::NotAlive => f.write_str("its producer is not alive"),
            Reason::Refused(text) => write!(f, "refused: {text}"),
        }
    }
}

impl std::error::Error for Reason {}

impl From<Box<dyn std::error::Error + Send + Sync>> for Reason {
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Reason::error(error)
    }
}

/// How the other end of a subscription has ended it: what `on_cancel` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The subscription was cancelled; the stage behind it goes on.
    Cancelled(Reason),
    /// The stage behind it is gone.
    Down(Reason),
}

impl Ended {
    /// The reason, whichever way it was.
    pub fn reason(&self) -> &Reason {
        match self {
            Ended::Cancelled(reason) | Ended::Down(reason) => reason,
        }
    }
}

/// What a consumer does when one of its subscriptions ends (GenStage's `cancel:`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cancel {
    /// It ends too, with the same reason. The default. (A refused subscription never ends it.)
    #[default]
    Permanent,
    /// It ends too unless the reason is [normal](Reason::is_normal).
    Transient,
    /// It goes on.
    Temporary,
}

impl Cancel {
    /// Whether the consumer ends with its subscription.
    pub fn ends(self, reason: &Reason) -> bool {
        match self {
            _ if matches!(reason, Reason::Refused(_)) => false,
            Cancel::Permanent => true,
            Cancel::Transient => !reason.is_normal(),
            Cancel::Temporary => false,
        }
    }
}
