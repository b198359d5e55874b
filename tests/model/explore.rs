//! How the models are run, and the owner of an inbox as they see it: a thread that polls and sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use loom::model::Builder;
use loom::sync::Notify;

use crate::inbox::Inbox;

/// Whether this is the long run by hand: `STAGEKIT_MODEL=long`.
pub(crate) fn is_long() -> bool {
    std::env::var_os("STAGEKIT_MODEL").is_some_and(|value| value == "long")
}

/// `short` in the gate, `long` in the long run.
pub(crate) fn sized<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// Runs `model` in every interleaving with at most `preemptions` of them forced on a thread that could go on.
///
/// A lost wake-up is a deadlock, and loom says so. Prints how many interleavings there were.
pub(crate) fn explore(name: &str, preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = runs.clone();
    let mut builder = Builder::new();
    builder.preemption_bound = preemptions;
    builder.max_branches = 20_000;
    // Far above what any model takes: a model that reaches it has proven nothing, and says so below.
    let limit = Duration::from_secs(sized(60, 1800));
    builder.max_duration = Some(limit);
    let began = Instant::now();
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let took = began.elapsed();
    let bound = preemptions.map_or("none".to_owned(), |bound| bound.to_string());
    println!(
        "model {name} preemptions={bound} interleavings={} s={:.2}",
        runs.load(Ordering::Relaxed),
        took.as_secs_f64()
    );
    assert!(took < limit, "{name}: not every interleaving was seen within {limit:?}");
}

/// Something to sleep on, and to be woken through a [`Waker`].
pub(crate) struct Sleeper(Notify);

impl Sleeper {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Sleeper(Notify::new()))
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    pub(crate) fn sleep(&self) {
        self.0.wait();
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

/// The owner of an inbox.
pub(crate) struct Owner<M> {
    pub(crate) inbox: Arc<Inbox<M>>,
    armed: Option<Waker>,
    read: Vec<M>,
    sleeper: Arc<Sleeper>,
}

impl<M> Owner<M> {
    pub(crate) fn new() -> Self {
        Owner { inbox: Inbox::new(), armed: None, read: Vec::new(), sleeper: Sleeper::new() }
    }

    /// The same owner as a task elsewhere: it sleeps on something else, and is woken by another waker.
    pub(crate) fn moved(self) -> Self {
        Owner { sleeper: Sleeper::new(), ..self }
    }

    pub(crate) fn waker(&self) -> Waker {
        self.sleeper.waker()
    }

    /// Reads what there is; `drain` says whether there was something, and that has to be true.
    pub(crate) fn poll(&mut self, into: &mut Vec<M>) -> bool {
        let waker = self.sleeper.waker();
        self.poll_with(&waker, into)
    }

    /// The same in a task of this waker.
    pub(crate) fn poll_with(&mut self, waker: &Waker, into: &mut Vec<M>) -> bool {
        let some = self.inbox.drain(&mut Context::from_waker(waker), &mut self.armed, &mut self.read);
        assert_eq!(some, !self.read.is_empty(), "drain has said the wrong thing");
        into.append(&mut self.read);
        some
    }

    pub(crate) fn sleep(&self) {
        self.sleeper.sleep();
    }

    /// Polls until it has `n` messages, as a task does: it sleeps whenever there was nothing.
    pub(crate) fn until(&mut self, n: usize, into: &mut Vec<M>) {
        while into.len() < n {
            if !self.poll(into) {
                self.sleep();
            }
        }
    }
}
