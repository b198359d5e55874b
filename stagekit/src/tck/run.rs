//! How a check is run: on a runtime of its own, as it is and shuffled.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::timeout;

use super::subject::Soon;
use crate::test::{exact, fuzz, quiet};

/// The seeds of the shuffled runs; each check runs once without.
const SEEDS: [u64; 4] = [1, 7, 42, 2026];

thread_local! {
    static SHUFFLED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this run is shuffled: demand is cut small then, and a check that is long is cut short.
pub(super) fn is_shuffled() -> bool {
    SHUFFLED.get()
}

/// A rule that a subject breaks.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the check, with the number of its rule.
    pub rule: String,
    /// In which run it failed, and how.
    pub said: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.said)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

/// Runs a check: on a `current_thread` runtime with the paused clock, as stages run outside of tests, then again under
/// several seeds of [`fuzz`](crate::test::fuzz()). What the check started must be gone when it is over (rule 2.6).
///
/// # Panics
/// If the subject breaks the rule; or inside a runtime.
pub fn run<'a, S: 'a>(given: &'a S, check: impl Fn(&'a S) -> Soon<'a, ()>) {
    if let Err(said) = attempt(given, check) {
        panic!("{said}");
    }
}

/// The same, giving what was said.
pub(super) fn attempt<'a, S: 'a>(given: &'a S, check: impl Fn(&'a S) -> Soon<'a, ()>) -> Result<(), String> {
    for seed in std::iter::once(None).chain(SEEDS.map(Some)) {
        SHUFFLED.set(seed.is_some());
        let once = catch_unwind(AssertUnwindSafe(|| once(seed, || check(given))));
        SHUFFLED.set(false);
        once.map_err(|panic| {
            let how = seed.map_or("".into(), |seed| format!(" (in a run shuffled by seed {seed})"));
            format!("{}{how}", text_of(&*panic))
        })?;
    }
    Ok(())
}

fn once<'a>(seed: Option<u64>, check: impl FnOnce() -> Soon<'a, ()>) {
    let _mode = seed.map_or_else(exact, fuzz);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime for the check: {error}"));
    runtime.block_on(async {
        // The clock is paused: this passes at once when nothing can happen any more.
        let over = timeout(Duration::from_secs(24 * 60 * 60), check()).await;
        assert!(over.is_ok(), "the check waits for something that never comes");
        // What was dropped with the check has time to go.
        quiet().await;
        quiet().await;
        let tasks = runtime.metrics().num_alive_tasks();
        assert!(tasks == 0, "2.6: {tasks} tasks are left when everything is over");
    });
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.into())).unwrap_or_else(|| "it panicked".into())
}
