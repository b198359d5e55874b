//! What a user can set on a node of the graph, and the defaults.

use std::sync::Arc;
use std::time::Duration;

/// GenStage's default `max_demand`, in events.
pub(crate) const MAX_DEMAND: usize = 1000;

/// The highest `max_demand`: as many events may be made at once, and rest in memory, on each subscription.
pub(crate) const MOST_DEMAND: usize = 1 << 20;

/// What a stage does when its function returns `Err` (and no `else` edge takes it) or panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The pipeline ends with that error and the stage's name. The default.
    #[default]
    Stop,
    /// The event is counted as failed, a warning is logged, and the stage goes on.
    Skip,
}

/// How often a stage may begin again from its initial state: at most `limit` times within `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    pub(crate) limit: u32,
    pub(crate) window: Duration,
}

impl Restart {
    /// At most `limit` restarts within `window`; the one after that ends the pipeline.
    pub const fn new(limit: u32, window: Duration) -> Self {
        Restart { limit, window }
    }
}

impl Default for Restart {
    /// OTP's intensity: 3 restarts within 5 seconds.
    fn default() -> Self {
        Restart::new(3, Duration::from_secs(5))
    }
}

/// How a child is ended: how long it has after it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It is aborted at once (OTP's `:brutal_kill`).
    Abort,
    /// It is asked to end, and aborted if it has not done so within this time. 5 seconds by default, as in OTP.
    After(Duration),
    /// It is asked to end, and waited for however long that takes (OTP's `:infinity`).
    Never,
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown::After(Duration::from_secs(5))
    }
}

/// What happens to events that a producer emits over its buffer's capacity, or that come back over that of a loop.
/// Discards are counted and logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The producer waits. The default; a loop cannot.
    #[default]
    Wait,
    /// The oldest buffered event is discarded (GenStage's `:last`).
    DropOldest,
    /// The new event is discarded (GenStage's `:first`).
    DropNewest,
    /// The pipeline ends with an error.
    Fail,
}

/// How many events a subscription may have outstanding: GenStage's `max_demand` and `min_demand`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) max: Option<usize>,
    pub(crate) min: Option<usize>,
}

impl Limits {
    /// `max_demand` (1000, where demand does not tune itself) and `min_demand` (default half of it, rounded down), in events.
    pub(crate) fn resolve(self) -> Result<(usize, usize), String> {
        let max = self.max.unwrap_or(match self.min {
            Some(min) if min >= MAX_DEMAND => min.saturating_mul(2),
            _ => MAX_DEMAND,
        });
        let min = self.min.unwrap_or(max / 2);
        if max > MOST_DEMAND {
            return Err(format!("`max_demand` must be at most {MOST_DEMAND}, got {max}"));
        }
        if max == 0 {
            return Err("`max_demand` must be at least 1, got 0".into());
        }
        if min >= max {
            return Err(format!("`min_demand` must be lower than `max_demand`, got {min} and {max}"));
        }
        Ok((max, min))
    }

    /// Whether the user has chosen neither.
    pub(crate) fn is_default(self) -> bool {
        self == Limits::default()
    }

    /// As they would be written.
    pub(crate) fn written(self) -> Vec<String> {
        let option = |name: &str, of: Option<usize>| of.map(|events| format!("{name}({events})"));
        option("max_demand", self.max).into_iter().chain(option("min_demand", self.min)).collect()
    }

    /// These limits where they are set, else those of `other`.
    pub(crate) fn or(self, other: Limits) -> Limits {
        if self == Limits::default() { other } else { self }
    }
}

/// A subscription to a stage that is bound with `let`: the limits of this one edge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Edge(pub(crate) Limits);

impl Edge {
    /// The stage's own limits.
    pub fn new() -> Self {
        Edge::default()
    }
    /// As [`Node::max_demand`](crate::Node::max_demand), for this edge.
    pub fn max_demand(mut self, events: usize) -> Self {
        self.0.max = Some(events);
        self
    }
    /// As [`Node::min_demand`](crate::Node::min_demand), for this edge.
    pub fn min_demand(mut self, events: usize) -> Self {
        self.0.min = Some(events);
        self
    }
}

/// Everything that can be set on a node.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) workers: usize,
    pub(crate) concurrency: usize,
    pub(crate) unordered: bool,
    pub(crate) batch: Option<(usize, Duration)>,
    pub(crate) buffer: Option<(usize, Overflow)>,
    pub(crate) on_error: Policy,
    pub(crate) on_panic: Option<Policy>,
    pub(crate) restart: Option<Restart>,
    pub(crate) blocking: bool,
    pub(crate) own_task: bool,
    pub(crate) poll_every: Duration,
    /// What is put around the stage: it is in its type already, and is kept here for those who look at it.
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<(u32, Duration)>,
}

impl Options {
    pub(crate) fn new(name: &str) -> Self {
        Options {
            name: name.into(),
            limits: Limits::default(),
            workers: 1,
            concurrency: 1,
            unordered: false,
            batch: None,
            buffer: None,
            on_error: Policy::Stop,
            on_panic: None,
            restart: None,
            blocking: false,
            own_task: false,
            poll_every: Duration::ZERO,
            timeout: None,
            retry: None,
        }
    }

    /// What has no meaning for a producer.
    pub(crate) fn check_producer(&self) -> Result<(), String> {
        if self.limits != Limits::default() {
            return Err("`max_demand` and `min_demand` belong to the stages it feeds: a producer asks nobody".into());
        }
        if self.batch.is_some() {
            return Err("`batch` belongs to a stage that takes events".into());
        }
        if self.restart.is_some() {
            return Err("a producer cannot begin again: its events would come twice".into());
        }
        Ok(())
    }

    /// What has no meaning for a stage that takes events.
    pub(crate) fn check_consumer(&self) -> Result<(), String> {
        if self.buffer.is_some() {
            return Err("`buffer` belongs to a producer: what takes events waits for demand".into());
        }
        if !self.poll_every.is_zero() {
            return Err("`poll_every` belongs to a producer that takes a `Demand`".into());
        }
        Ok(())
    }

    /// What cannot work, named with its remedy.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.limits.resolve()?;
        if self.workers == 0 {
            return Err("`workers` must be at least 1, got 0".into());
        }
        if self.concurrency == 0 {
            return Err("`concurrency` must be at least 1, got 0".into());
        }
        if matches!(self.batch, Some((0, _))) {
            return Err("`batch` must hold at least 1 event, got 0".into());
        }
        if self.batch.is_some() && self.concurrency > 1 {
            return Err("a batch stage handles one batch at a time: use `workers` instead of `concurrency`".into());
        }
        if matches!(self.buffer, Some((usize::MAX, _))) {
            return Err("`buffer` has no bound: write how many events may wait".into());
        }
        if matches!(self.buffer, Some((0, _))) {
            return Err("`buffer` must hold at least 1 event, got 0".into());
        }
        Ok(())
    }
}
