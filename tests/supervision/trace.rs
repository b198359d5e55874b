//! Stages that note when they start and stop.

use std::sync::atomic::{AtomicU32, Ordering};

use stagekit::live::{Child, Reason, Subscription, Supervised};

use super::*;

/// `+a` when `a` has started, `-a` when it stops. What has panicked or is aborted does not say so.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// What was noted since the last time.
    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }

    /// The same, in alphabetical order.
    pub(crate) fn sorted(&self) -> String {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap());
        all.sort_unstable();
        all.join(" ")
    }

    pub(crate) fn of(&self, name: &'static str) -> Traced {
        Traced { name, trace: self.clone(), fails: Arc::default() }
    }
}

#[derive(Clone)]
pub(crate) struct Traced {
    name: &'static str,
    trace: Trace,
    /// How many of the next starts fail.
    pub(crate) fails: Arc<AtomicU32>,
}

impl Traced {
    pub(crate) fn start(&self) -> Answer {
        if self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            self.trace.note(format!("?{}", self.name));
            return Err("it does not start".into());
        }
        self.trace.note(format!("+{}", self.name));
        Ok(())
    }
    fn stop(&self) {
        self.trace.note(format!("-{}", self.name));
    }
}

/// Counts up.
pub(crate) struct Head(pub(crate) Traced, pub(crate) u64);
impl Callbacks for Head {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_start(&mut self, _: &mut Context<u64>) -> Answer {
        self.0.start()
    }
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        for _ in 0..demand.get() {
            self.1 += 1;
            cx.emit(self.1);
        }
        Ok(())
    }
    async fn on_stop(&mut self, _: &Reason) {
        self.0.stop();
    }
}

/// Hands on what it is given.
pub(crate) struct Middle(pub(crate) Traced);
impl Callbacks for Middle {
    type In = u64;
    type Out = u64;
    type Info = ();
    async fn on_start(&mut self, _: &mut Context<u64>) -> Answer {
        self.0.start()
    }
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, cx: &mut Context<u64>) -> Answer {
        cx.emit_all(events);
        Ok(())
    }
    async fn on_stop(&mut self, _: &Reason) {
        self.0.stop();
    }
}

/// Counts what it is given.
pub(crate) struct Tail(pub(crate) Traced, pub(crate) usize);
impl Callbacks for Tail {
    type In = u64;
    type Out = NoEvents;
    type Info = ();
    async fn on_start(&mut self, _: &mut Context<NoEvents>) -> Answer {
        self.0.start()
    }
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        self.1 += events.len();
        Ok(())
    }
    async fn on_stop(&mut self, _: &Reason) {
        self.0.stop();
    }
}

/// A demand that is spent at once, and not asked for again: nothing runs on.
pub(crate) fn few() -> Subscribe<u64> {
    Subscribe::new().manual()
}

pub(crate) async fn crash<S: Callbacks>(child: &Child<S>) {
    let live = child.live().expect("it runs");
    live.call(|_, _| panic!("crash")).await.unwrap_err();
    live.ended().await;
    settle().await;
}

/// (name, how often it has begun again) of all that run.
pub(crate) fn running(supervised: &Supervised) -> Vec<(String, u64)> {
    let all = supervised.which_children().into_iter();
    all.filter(|child| child.standing == Standing::Running).map(|child| (child.name, child.restarted)).collect()
}

pub(crate) use stagekit::live::Standing;
