//! Telemetry: counters that are always on, and the summary they make.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::meter::Rare;
pub(crate) use crate::meter::{Count, Meter, Metered};

/// One stage of a running pipeline: what a summary is made of.
#[derive(Clone, Debug)]
pub(crate) struct Gauge {
    pub(crate) name: Arc<str>,
    pub(crate) meters: Vec<Arc<dyn Metered>>,
    /// The doors of its outlets, one for each worker, and the name of the events' type.
    pub(crate) doors: Vec<Arc<dyn Any + Send + Sync>>,
    pub(crate) emits: &'static str,
    /// The meters of the outlets of its errors: what rests or is gone there is the stage's, what is asked for is not.
    pub(crate) sides: Vec<Arc<Meter>>,
}

impl Gauge {
    pub(crate) fn new(name: Arc<str>, meters: Vec<Arc<dyn Metered>>) -> Self {
        Gauge { name, meters, doors: Vec::new(), emits: "", sides: Vec::new() }
    }
}

/// What a stage has done so far; its workers together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageSummary {
    /// The stage's name.
    pub name: String,
    /// How many instances it runs as.
    pub workers: usize,
    /// Events its function was given.
    pub events_in: u64,
    /// Events its function emitted.
    pub events_out: u64,
    /// Events that failed: errors (with and without an `else` edge), panics, timeouts; also those over which the key of
    /// its partitions, or a guard of its `match`, panicked. A batch that fails as a whole counts with all of its events; where a batch gives a
    /// `Result` for each event, each error counts.
    pub failed: u64,
    /// Further attempts made by a `retry` policy.
    pub retried: u64,
    /// Events (errors on their way along an `else` edge too) that a declared overflow policy dropped, or that nobody was
    /// left to take.
    pub discarded: u64,
    /// Events that an abort, or the failure of another stage, kept from being handled. A call of a `blocking` stage that
    /// an abort leaves in its thread is among them; and, once for each stage that did not get them, events over which a
    /// clone for a broadcast panicked.
    pub lost: u64,
    /// Times the stage began again from its initial state.
    pub restarts: u64,
    /// Events asked for by downstream and not yet delivered.
    pub demand: u64,
    /// Events emitted, and errors on their way along an `else` edge, that were not asked for yet.
    pub buffered: u64,
    /// Events that a partition dispatcher's function gave no partition, or that a branch of a `match` discards.
    pub filtered: u64,
    /// A partition that was full, and held back the others.
    pub hot: Option<HotPartition>,
}

/// A partition, or a branch of a `match`, that gets more events than its consumer can handle, so that the others have to
/// wait: a lint. A key that spreads better helps, or more `max_demand`, or a policy for what is too much.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotPartition {
    /// The partition, by its name or its number; a branch by its pattern: ``branch `Event::Log(l)` ``.
    pub partition: String,
    /// How many times something was to be dispatched and it was full.
    pub times: u64,
}

/// What every stage of a pipeline has done: live from a handle, or final when the pipeline has finished.
///
/// Prints as a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The stages, in the order in which the pipeline names them.
    pub stages: Vec<StageSummary>,
    /// How long the pipeline has been running.
    pub elapsed: Duration,
}

impl Summary {
    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&StageSummary> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    pub(crate) fn read(gauges: &[Gauge], elapsed: Duration) -> Self {
        let sum = |gauge: &Gauge, pick: fn(&Rare) -> &Count| {
            gauge.meters.iter().map(|meter| meter.meter().read(pick)).sum::<u64>()
        };
        let with_sides = |gauge: &Gauge, pick: fn(&Rare) -> &Count| {
            sum(gauge, pick) + gauge.sides.iter().map(|meter| meter.read(pick)).sum::<u64>()
        };
        let stages = gauges
            .iter()
            .map(|gauge| StageSummary {
                name: gauge.name.to_string(),
                workers: gauge.meters.len(),
                events_in: gauge.meters.iter().map(|meter| meter.meter().events_in.get()).sum(),
                events_out: sum(gauge, |m| &m.events_out),
                failed: sum(gauge, |m| &m.failed) + sum(gauge, |m| &m.unplaced),
                retried: sum(gauge, |m| &m.retried),
                discarded: with_sides(gauge, |m| &m.discarded),
                lost: with_sides(gauge, |m| &m.lost),
                restarts: sum(gauge, |m| &m.restarts),
                demand: sum(gauge, |m| &m.demand),
                buffered: with_sides(gauge, |m| &m.buffered),
                filtered: sum(gauge, |m| &m.filtered),
                hot: gauge
                    .meters
                    .iter()
                    .find_map(|meter| meter.meter().hot())
                    .map(|(times, partition)| HotPartition { partition, times }),
            })
            .collect();
        Summary { stages, elapsed }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        type Column = (&'static str, fn(&StageSummary) -> u64, bool);
        // Columns that are nearly always nought are shown only when they are not.
        let columns: [Column; 10] = [
            ("in", |s| s.events_in, true),
            ("out", |s| s.events_out, true),
            ("failed", |s| s.failed, true),
            ("retried", |s| s.retried, false),
            ("discarded", |s| s.discarded, false),
            ("lost", |s| s.lost, false),
            ("restarts", |s| s.restarts, false),
            ("demand", |s| s.demand, false),
            ("buffered", |s| s.buffered, false),
            ("filtered", |s| s.filtered, false),
        ];
        let label =
            |s: &StageSummary| if s.workers > 1 { format!("{} x{}", s.name, s.workers) } else { s.name.clone() };
        let shown: Vec<&Column> =
            columns.iter().filter(|(_, pick, always)| *always || self.stages.iter().any(|s| pick(s) > 0)).collect();
        let first = self.stages.iter().map(|s| label(s).chars().count()).max().unwrap_or(0).max("stage".len());
        let width = |column: &Column| {
            let widest = self.stages.iter().map(|s| column.1(s).to_string().len()).max().unwrap_or(0);
            widest.max(column.0.len())
        };
        write!(f, "{:first$}", "stage")?;
        for column in &shown {
            write!(f, "  {:>1$}", column.0, width(column))?;
        }
        for stage in &self.stages {
            write!(f, "\n{:first$}", label(stage))?;
            for column in &shown {
                write!(f, "  {:>1$}", column.1(stage), width(column))?;
            }
        }
        for stage in &self.stages {
            if let Some(HotPartition { partition, times }) = &stage.hot {
                let name = &stage.name;
                let word = if partition.starts_with("branch `") { "" } else { "partition " };
                write!(f, "\nnote: {word}{partition} of `{name}` was full {times} times and held back the others")?;
            }
        }
        write!(f, "\n{:.3} s", self.elapsed.as_secs_f64())
    }
}
