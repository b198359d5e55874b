//! Errors: how a pipeline ends when it does not end well.

use std::fmt;
use std::sync::Arc;

use crate::telemetry::Summary;

/// Any error that a stage may return.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a stage could not go on, and which stage it was.
#[derive(Debug)]
pub(crate) struct StageFailure {
    pub(crate) stage: Arc<str>,
    pub(crate) cause: Cause,
}

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The stage returned `Err` and its policy is to stop.
    Failed(BoxError),
    /// The stage panicked; the text is that of the panic.
    Panicked(String),
    /// The stage was restarted more often than its policy allows.
    Restarts { limit: u32, last: Box<Cause> },
    /// An event took longer than the stage's `timeout`.
    TimedOut(std::time::Duration),
    /// A buffer with the policy `fail` overflowed.
    Overflow { capacity: usize },
    /// More events go round a loop than it has room for.
    Loop { capacity: usize, to: Arc<str> },
    /// The pipeline was aborted by its handle.
    Aborted,
    /// The runtime was shut down, and with it tasks that had not ended.
    Runtime,
    /// A `drain` was not over when its time was.
    DrainTimeout(std::time::Duration),
    /// The graph cannot run.
    Graph(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Failed(error) => write!(f, "{error}"),
            Cause::Panicked(text) => write!(f, "panicked: {text}"),
            Cause::Restarts { limit, last } => {
                write!(f, "needed more than {limit} restarts in its time window; last: {last}")
            }
            Cause::TimedOut(after) => write!(f, "an event took longer than its timeout of {after:?}"),
            Cause::Overflow { capacity } => {
                write!(f, "its buffer of {capacity} events overflowed and its policy is `fail`")
            }
            Cause::Loop { capacity, to } => write!(
                f,
                "more events come back to `{to}` than its loop has room for: write `feedback({more}) {to}` for more room, \
                 `feedback({capacity}, drop_oldest) {to}` to drop what is too much, or let fewer events come of one",
                more = capacity.saturating_mul(2)
            ),
            Cause::Aborted => write!(f, "aborted"),
            Cause::Runtime => write!(f, "aborted: its runtime was shut down"),
            Cause::DrainTimeout(after) => write!(f, "not drained within {after:?}: aborted"),
            Cause::Graph(text) => write!(f, "{text}"),
        }
    }
}

/// How a pipeline ended when it did not end well: the stage, the cause, and the summary of the run.
///
/// ```
/// # use stagekit::prelude::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// #[producer_consumer]
/// fn half(n: u32) -> Result<u32, String> {
///     if n % 2 == 0 { Ok(n / 2) } else { Err(format!("{n} is odd")) }
/// }
/// let error = pipeline! { { from_iter([2, 4, 5]) } => half => _ }.run().await.unwrap_err();
/// assert_eq!(error.stage(), Some("half"));
/// assert_eq!(error.to_string(), "stage `half` failed: 5 is odd");
/// # }
/// ```
pub struct Error {
    failure: Box<StageFailure>,
    summary: Box<Summary>,
}

impl Error {
    pub(crate) fn new(failure: StageFailure, summary: Summary) -> Self {
        Error { failure: Box::new(failure), summary: Box::new(summary) }
    }

    /// The name of the stage that failed; `None` when the pipeline as a whole was aborted or could not start.
    pub fn stage(&self) -> Option<&str> {
        (!self.failure.stage.is_empty()).then_some(&*self.failure.stage)
    }

    /// The summary of the run: what every stage had done when the pipeline ended.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Whether a stage returned an error and its policy was to stop.
    pub fn is_failure(&self) -> bool {
        matches!(self.root(), Cause::Failed(_))
    }

    /// Whether a stage panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.root(), Cause::Panicked(_))
    }

    /// Whether an event took longer than its stage's `timeout`, or a `drain` longer than its limit.
    pub fn is_timeout(&self) -> bool {
        matches!(self.root(), Cause::TimedOut(_) | Cause::DrainTimeout(_))
    }

    /// Whether the pipeline was aborted: by its handle, by dropping it, because a `drain` took too long, or because its
    /// runtime was shut down.
    pub fn is_aborted(&self) -> bool {
        matches!(self.root(), Cause::Aborted | Cause::DrainTimeout(_) | Cause::Runtime)
    }

    /// Whether the graph could not be started, or is a [`GraphError`](crate::builder::GraphError).
    pub fn is_graph(&self) -> bool {
        matches!(self.root(), Cause::Graph(_))
    }

    /// The stage's own error, if it was of type `E`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self.root() {
            Cause::Failed(error) => error.downcast_ref(),
            _ => None,
        }
    }

    fn root(&self) -> &Cause {
        let mut cause = &self.failure.cause;
        while let Cause::Restarts { last, .. } = cause {
            cause = last;
        }
        cause
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.failure.cause, self.stage()) {
            (Cause::Failed(error), Some(stage)) => write!(f, "stage `{stage}` failed: {error}"),
            (cause, Some(stage)) => write!(f, "stage `{stage}`: {cause}"),
            (Cause::Graph(text), None) => f.write_str(text),
            (cause, None) => write!(f, "the pipeline was {cause}"),
        }
    }
}

/// The error, and the table of what every stage had done: what `main` prints when it returns it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        if !self.summary.stages.is_empty() {
            write!(f, "\n\n{}", self.summary)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.root() {
            Cause::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}
