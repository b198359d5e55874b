//! What the run tells while it works, and what it knows about itself afterwards.
//!
//! Every number is counted where it happens, by whichever stage it happens in, so it is true however the stages are
//! wired: posts on their way are those that `fresh` let through and the database has not yet recorded. Memory is the
//! kernel's `VmRSS`, read each time another fifty posts are recorded.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// After how many posts memory is read.
const SAMPLE_EVERY: u64 = 50;
/// After how many posts the caches are warm, so that growth from there on would be a leak or a queue.
const WARM: u64 = 100;

/// Counters that the stages share. They only ever count, so a reader may see them a moment apart.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    entered: AtomicU64,
    recorded: AtomicU64,
    known: AtomicU64,
    rejected: AtomicU64,
    in_flight_most: AtomicU64,
    memory_warm: AtomicU64,
    memory_most: AtomicU64,
}

impl Progress {
    /// Begins to show progress, on standard error if that is a terminal and nowhere else.
    pub fn begin() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            bar,
            started: Instant::now(),
            entered: AtomicU64::new(0),
            recorded: AtomicU64::new(0),
            known: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            in_flight_most: AtomicU64::new(0),
            memory_warm: AtomicU64::new(0),
            memory_most: AtomicU64::new(0),
        }
    }

    /// A post is new and on its way.
    pub fn entered(&self) {
        let entered = self.entered.fetch_add(1, Relaxed) + 1;
        self.in_flight_most.fetch_max(entered.saturating_sub(self.recorded.load(Relaxed)), Relaxed);
    }

    /// A post was published by an earlier run.
    pub fn known(&self) {
        self.known.fetch_add(1, Relaxed);
    }

    /// A post is on its way no more: it could not be rendered.
    pub fn given_up(&self) {
        self.entered.fetch_sub(1, Relaxed);
    }

    /// A file was rejected.
    pub fn rejected(&self) {
        self.rejected.fetch_add(1, Relaxed);
    }

    /// A post is on the disk; `title` is shown.
    pub fn published(&self, title: &str) {
        let recorded = self.recorded.load(Relaxed);
        let rejected = self.rejected.load(Relaxed);
        self.bar.set_message(format!("{recorded} posts recorded, {rejected} files rejected, now {title}"));
    }

    /// `posts` more posts are in the database.
    pub fn recorded(&self, posts: u64) {
        let before = self.recorded.fetch_add(posts, Relaxed);
        let after = before + posts;
        if before / SAMPLE_EVERY == after / SAMPLE_EVERY {
            return;
        }
        let Some(memory) = memory("VmRSS") else {
            return;
        };
        self.memory_most.fetch_max(memory, Relaxed);
        if before < WARM && after >= WARM {
            self.memory_warm.store(memory, Relaxed);
        }
    }

    /// Takes the display away and says what was counted.
    pub fn finish(&self) -> Run {
        self.bar.finish_and_clear();
        Run {
            published: self.recorded.load(Relaxed),
            known: self.known.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            in_flight_most: self.in_flight_most.load(Relaxed),
            elapsed: self.started.elapsed(),
            memory_warm: Some(self.memory_warm.load(Relaxed)).filter(|bytes| *bytes > 0),
            memory_end: memory("VmRSS"),
            memory_most: memory("VmHWM"),
        }
    }
}

/// What one run did.
#[derive(Clone, Debug)]
pub struct Run {
    /// Posts published and recorded.
    pub published: u64,
    /// Posts that an earlier run had published.
    pub known: u64,
    /// Files rejected.
    pub rejected: u64,
    /// The most posts that were on their way at once.
    pub in_flight_most: u64,
    /// How long it took, up to the call of `finish`.
    pub elapsed: Duration,
    /// Bytes in memory after the first hundred posts.
    pub memory_warm: Option<u64>,
    /// Bytes in memory at the end.
    pub memory_end: Option<u64>,
    /// The most bytes that were ever in memory.
    pub memory_most: Option<u64>,
}

impl Run {
    /// The same run seen later: the peak of memory and the time include what was done since.
    pub fn later(self, progress: &Progress) -> Self {
        Self { elapsed: progress.started.elapsed(), memory_most: memory("VmHWM"), ..self }
    }
}

/// The line about memory, with how it is known.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| (bytes + (1 << 19)) >> 20;
        f.write_str("memory: ")?;
        match (self.memory_warm, self.memory_end, self.memory_most) {
            (Some(warm), Some(end), Some(most)) => write!(
                f,
                "{} MiB after the first {WARM} posts, {} MiB after all {} (VmRSS), at no moment more than {} MiB (VmHWM)",
                mib(warm),
                mib(end),
                self.published,
                mib(most),
            )?,
            (None, Some(end), Some(most)) => {
                write!(f, "{} MiB at the end (VmRSS), at no moment more than {} MiB (VmHWM)", mib(end), mib(most),)?
            }
            _ => f.write_str("unknown on this system")?,
        }
        write!(f, "; at most {} posts were on their way at once (counted)", self.in_flight_most)
    }
}

/// A line of `/proc/self/status` in bytes; `None` where there is no such file.
fn memory(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_on_their_way_are_counted_at_their_most() {
        let progress = Progress::begin();
        for _ in 0..7 {
            progress.entered();
        }
        progress.recorded(5);
        progress.entered();
        progress.recorded(145);
        let run = progress.finish();
        assert_eq!((run.in_flight_most, run.published), (7, 150));
        assert!(run.to_string().ends_with("at most 7 posts were on their way at once (counted)"));
        assert_eq!(run.memory_warm.is_some(), cfg!(target_os = "linux"));
    }
}
