//! A tally of events: whether each of them has met exactly one fate.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex};

use crate::lock::lock;
use crate::telemetry::Summary;

/// A tally that checks the law of conservation on a pipeline of yours (l03): every event was seen at its end, or failed,
/// or is among those that the summary says were discarded or lost; none was seen twice; and none is still in memory.
///
/// ```
/// # use stagekit::prelude::*;
/// use stagekit::test::{Tallied, Tally};
/// #[consumer]
/// fn end(event: Tallied) { event.seen() }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), stagekit::Error> {
/// let tally = Tally::new();
/// let summary = pipeline! { { from_iter(tally.events(0..100)) } => |e: Tallied| e => end }.run().await?;
/// tally.check(&summary);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<u64, Fate>>>);

/// What became of the events of one number.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    seen: u64,
    failed: u64,
    made: u64,
    dropped: u64,
}

/// An event of a [`Tally`]: it has a number, and is counted when it is dropped. Its clones are the same event.
#[derive(PartialEq, Eq)]
pub struct Tallied {
    /// Its number.
    pub id: u64,
    tally: Tally,
}

impl PartialEq for Tally {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for Tally {}

impl Tallied {
    fn new(id: u64, tally: &Tally) -> Self {
        lock(&tally.0).entry(id).or_default().made += 1;
        Tallied { id, tally: tally.clone() }
    }

    /// Its last effect is done: [`Tally::seen`].
    pub fn seen(&self) {
        self.tally.seen(self);
    }

    /// It is about to fail: [`Tally::failed`].
    pub fn failed(&self) {
        self.tally.failed(self);
    }
}

impl Clone for Tallied {
    fn clone(&self) -> Self {
        Tallied::new(self.id, &self.tally)
    }
}

impl Drop for Tallied {
    fn drop(&mut self) {
        lock(&self.tally.0).entry(self.id).or_default().dropped += 1;
    }
}

impl Debug for Tallied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}", self.id)
    }
}

impl Tally {
    /// A tally of nothing yet: one for each run.
    pub fn new() -> Self {
        Tally::default()
    }

    /// Events of these numbers, made as they are taken.
    pub fn events<I>(&self, numbers: I) -> impl Iterator<Item = Tallied> + Send + use<I>
    where
        I: IntoIterator<Item = u64, IntoIter: Send>,
    {
        let tally = self.clone();
        numbers.into_iter().map(move |id| Tallied::new(id, &tally))
    }

    /// One event of this number.
    pub fn event(&self, number: u64) -> Tallied {
        Tallied::new(number, self)
    }

    /// The event has reached the end, and had its effect. An event that a filter lets go has had its effect too.
    pub fn seen(&self, event: &Tallied) {
        lock(&self.0).entry(event.id).or_default().seen += 1;
    }

    /// The stage is about to return an error for the event, or to panic.
    pub fn failed(&self, event: &Tallied) {
        lock(&self.0).entry(event.id).or_default().failed += 1;
    }

    /// The pipeline has ended: the law holds.
    ///
    /// # Panics
    /// If it does not; the text says which events are wrong, and how.
    #[track_caller]
    pub fn check(&self, summary: &Summary) {
        if let Err(wrong) = self.audit(summary) {
            panic!("{wrong}\n{summary}");
        }
    }

    /// What is wrong, if something is.
    ///
    /// # Errors
    /// Which events are wrong, and how.
    pub fn audit(&self, summary: &Summary) -> Result<(), String> {
        let fates = lock(&self.0);
        let which = |wrong: fn(&Fate) -> bool| -> Vec<u64> {
            fates.iter().filter(|(_, fate)| wrong(fate)).map(|(&id, _)| id).collect()
        };
        let mut wrong = Vec::new();
        let mut say = |text: &str, events: Vec<u64>| {
            if !events.is_empty() {
                wrong.push(format!("{} {text}: {}", events.len(), list(&events)));
            }
        };
        say("events were seen more than once", which(|fate| fate.seen > 1));
        say("events failed more than once", which(|fate| fate.failed > 1));
        say("events were both seen and failed", which(|fate| fate.seen > 0 && fate.failed > 0));
        say("events are still in memory", which(|fate| fate.dropped < fate.made));
        let missing = which(|fate| fate.seen + fate.failed == 0);
        let told: u64 = summary.stages.iter().map(|stage| stage.discarded + stage.lost).sum();
        if missing.len() as u64 != told {
            let (n, list) = (missing.len(), list(&missing));
            wrong.push(format!("{n} events were neither seen nor failed, and the summary knows of {told}: {list}"));
        }
        let (seen, counted) = (
            fates.values().map(|fate| fate.failed).sum::<u64>(),
            summary.stages.iter().map(|stage| stage.failed).sum::<u64>(),
        );
        if seen != counted {
            wrong.push(format!("{seen} events failed, and the summary knows of {counted}"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("of {} events\n  {}", fates.len(), wrong.join("\n  "))) }
    }
}

/// The first of them.
fn list(events: &[u64]) -> String {
    let more = if events.len() > 10 { ", .." } else { "" };
    let first: Vec<_> = events.iter().take(10).map(u64::to_string).collect();
    format!("{}{more}", first.join(", "))
}
