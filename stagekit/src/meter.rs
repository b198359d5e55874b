//! What everybody may know of a stage: its counters, its name, and whether it lives.
//!
//! A hundred thousand idle consumers have one counter each. Everything else is made when it is first needed.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use crate::cancel::Reason;

/// The name of a live stage: its type's, unless it was given another.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    /// Found out when it is read.
    OfType(fn() -> &'static str),
    Given(Arc<str>),
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Name::OfType(name) => name(),
            Name::Given(name) => name,
        }
    }
}

impl From<&Name> for Arc<str> {
    fn from(name: &Name) -> Self {
        match name {
            Name::OfType(name) => name().into(),
            Name::Given(name) => name.clone(),
        }
    }
}

/// A counter that only its owner writes: a plain load and store, no locked instruction.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }
    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of one instance of a stage, written by the stage's own task only; and its life, if it is a live stage.
///
/// Those that a consumer does not write in its ordinary work are [`Rare`]: the first to touch one makes them all.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) events_in: Count,
    rare: OnceLock<Box<Rare>>,
    /// `on_start` has returned.
    started: AtomicBool,
}

/// What a meter has besides, made on first use.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub(crate) events_out: Count,
    pub(crate) failed: Count,
    pub(crate) retried: Count,
    pub(crate) discarded: Count,
    pub(crate) restarts: Count,
    pub(crate) demand: Count,
    pub(crate) buffered: Count,
    /// Events that the partition function let go.
    pub(crate) filtered: Count,
    /// Events over which the partition function panicked. They count as failed; the outlet writes it.
    pub(crate) unplaced: Count,
    /// Events that were taken up or waiting when the stage was ended before it could finish them.
    pub(crate) lost: Count,
    /// How often a full partition has held back the others, and which was the last.
    hot: Mutex<Option<(u64, String)>>,
    name: OnceLock<Arc<str>>,
    life: Mutex<Life>,
}

/// The life of a live stage, as far as it is over or somebody waits for news of it.
#[derive(Debug, Default)]
struct Life {
    ended: bool,
    /// Why it has ended, or why it is just ending: its inboxes are closed before it has.
    reason: Option<Reason>,
    /// The subscription with whose producer it ended.
    followed: Option<u64>,
    waiting: Vec<Waker>,
}

/// What has a meter: it is often a part of something larger, so that it needs no allocation of its own.
pub(crate) trait Metered: Send + Sync + fmt::Debug {
    fn meter(&self) -> &Meter;
}

/// A meter that nobody reads.
pub(crate) fn unread() -> Arc<dyn Metered> {
    Arc::new(Meter::default())
}

impl Metered for Meter {
    fn meter(&self) -> &Meter {
        self
    }
}

impl Deref for Meter {
    type Target = Rare;
    #[inline]
    fn deref(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }
}

/// Neither of these locks is held while anything of the user's runs.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Meter {
    /// Reads a rare counter, without making it.
    pub(crate) fn read(&self, pick: fn(&Rare) -> &Count) -> u64 {
        self.rare.get().map_or(0, |rare| pick(rare).get())
    }

    /// `n` events were lost.
    pub(crate) fn lose(&self, n: usize) {
        if n > 0 {
            self.lost.add(n as u64);
        }
    }

    /// A partition was full, and held back the others.
    pub(crate) fn set_hot(&self, times: u64, partition: String) {
        let mut hot = lock(&self.hot);
        if hot.as_ref().is_none_or(|(before, _)| *before != times) {
            *hot = Some((times, partition));
        }
    }

    /// How often a full partition has held back the others, and which was the last.
    pub(crate) fn hot(&self) -> Option<(u64, String)> {
        lock(&self.rare.get()?.hot).clone()
    }
}

/// The life of a live stage.
impl Meter {
    /// It has a name of its own.
    pub(crate) fn call_it(&self, name: Arc<str>) {
        let _ = self.name.set(name);
    }

    /// Its name, where its type's is this.
    pub(crate) fn name(&self, of_type: fn() -> &'static str) -> Name {
        self.given_name().map_or(Name::OfType(of_type), |name| Name::Given(name.clone()))
    }

    /// Its name, if that is not its type's.
    pub(crate) fn given_name(&self) -> Option<&Arc<str>> {
        self.rare.get()?.name.get()
    }

    fn change(&self, change: impl FnOnce(&mut Life)) {
        let waiting = {
            let mut life = lock(&self.life);
            change(&mut life);
            std::mem::take(&mut life.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// `on_start` has returned.
    pub(crate) fn start(&self) {
        self.started.store(true, Ordering::Relaxed);
        // Whoever waits makes the rest first and then looks at the mark: one of the two sees what the other has done.
        fence(Ordering::SeqCst);
        if self.rare.get().is_some() {
            self.change(|_| {});
        }
    }

    /// The stage is about to close its inboxes: whoever finds one closed is to know why. The first reason is the reason.
    pub(crate) fn close(&self, reason: &Reason) {
        lock(&self.life).reason.get_or_insert_with(|| reason.clone());
    }

    /// Why the stage has ended, or is just ending.
    pub(crate) fn ending(&self) -> Option<Reason> {
        lock(&self.rare.get()?.life).reason.clone()
    }

    /// It ends because the producer of this subscription has.
    pub(crate) fn follow(&self, tag: u64) {
        lock(&self.life).followed.get_or_insert(tag);
    }

    /// The subscription with whose producer it ended, if that is why.
    pub(crate) fn followed(&self) -> Option<u64> {
        lock(&self.rare.get()?.life).followed
    }

    /// It has ended.
    pub(crate) fn end(&self, reason: Reason) {
        self.change(|life| {
            life.reason.get_or_insert(reason);
            life.ended = true;
        });
    }

    /// Why it has ended, if it has.
    pub(crate) fn ended(&self) -> Option<Reason> {
        lock(&self.rare.get()?.life).ended()
    }

    fn poll<R>(&self, cx: &mut Context<'_>, ready: impl FnOnce(&Life) -> Option<R>) -> Poll<R> {
        let mut life = lock(&self.life);
        if let Some(result) = ready(&life) {
            return Poll::Ready(result);
        }
        if !life.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            life.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Ready when the stage has begun, or has ended without.
    pub(crate) fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        let started = || {
            fence(Ordering::SeqCst);
            self.started.load(Ordering::Relaxed)
        };
        self.poll(cx, |life| if started() { Some(Ok(())) } else { life.ended().map(Err) })
    }

    /// Ready when the stage has ended.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Reason> {
        self.poll(cx, Life::ended)
    }
}

impl Life {
    fn ended(&self) -> Option<Reason> {
        self.reason.as_ref().filter(|_| self.ended).cloned()
    }
}
