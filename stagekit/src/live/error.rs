//! What can go wrong between a user and a live stage.

use std::fmt;
use std::sync::Arc;

use crate::cancel::Reason;

/// Why something was not done. Nothing has happened to a stage then, except where a producer was found to have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveError {
    /// An option cannot work; the text names the value and the remedy.
    Options {
        /// The stage whose option it is.
        stage: Arc<str>,
        /// What is wrong with it.
        wrong: Arc<str>,
    },
    /// The stage has ended, or ended before it could answer.
    Ended {
        /// The stage.
        stage: Arc<str>,
        /// Why it has ended.
        reason: Reason,
    },
    /// The producer did not accept the subscription.
    Refused {
        /// The stage that wanted to subscribe.
        stage: Arc<str>,
        /// Why.
        reason: Reason,
    },
    /// The stage has no such thing.
    NotFound {
        /// The stage.
        stage: Arc<str>,
        /// What was looked for.
        what: Arc<str>,
    },
}

impl LiveError {
    /// Whether what was looked for is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, LiveError::NotFound { .. })
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiveError::Options { stage, wrong } => write!(f, "stage `{stage}`: {wrong}"),
            LiveError::Ended { stage, reason } => write!(f, "stage `{stage}` has ended: {reason}"),
            LiveError::NotFound { stage, what } => write!(f, "stage `{stage}` has no {what}"),
            LiveError::Refused { stage, reason: Reason::NotAlive } => {
                write!(f, "stage `{stage}` could not subscribe: its producer has ended")
            }
            LiveError::Refused { stage, reason } => write!(f, "the subscription of stage `{stage}` was {reason}"),
        }
    }
}

impl std::error::Error for LiveError {}
