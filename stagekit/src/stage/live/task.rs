//! The loop of a live stage.

mod callback;
mod links;
mod notes;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waiting, Poll, ready};

use tokio::task::coop;

use self::callback::handed;
use self::notes::Extra;
use super::step::{After, Step};
use crate::callbacks::{Answer, Callbacks, Context};
use crate::cancel::{Ended, Reason};
use crate::demand::Demand;
use crate::error::{Cause, StageFailure};
use crate::fuzz;
use crate::host::Ending;
use crate::meter::Name;
use crate::stage::care::text;
use crate::stage::inlet::{Front, Inlet};
use crate::stage::outlet::Outlet;
use crate::subscription::{Down, Inbox};

/// What a live stage begins with.
pub(crate) struct Setup<S: Callbacks> {
    pub(crate) stage: S,
    /// What it shares with its handles; what it counts in.
    pub(crate) shared: Arc<Inbox<Down<S::In>>>,
    pub(crate) inlet: Option<Inlet<S::In>>,
    pub(crate) outlet: Option<Box<Outlet<S::Out>>>,
    /// It stands in a pipeline: it ends with the last of its producers, and with the first of its consumers.
    pub(crate) in_pipeline: bool,
}

/// Where a live stage is in its life.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    New,
    Running,
    /// It takes no more, and ends when everything it has emitted is delivered.
    Finishing,
    /// `on_stop` is next.
    Stopping,
    /// `on_stop` runs.
    Last,
}

type Working<S> = Pin<Box<dyn Future<Output = (S, Context<<S as Callbacks>::Out>, Answer, After)> + Send>>;

/// A live stage's task.
pub(crate) struct LiveTask<S: Callbacks> {
    /// Away while one of its callbacks waits.
    stage: Option<S>,
    inlet: Option<Inlet<S::In>>,
    outlet: Option<Box<Outlet<S::Out>>>,
    shared: Arc<Inbox<Down<S::In>>>,
    phase: Phase,
    in_pipeline: bool,
    /// It has work under way elsewhere: it does not end before that is done.
    busy: bool,
    extra: Option<Box<Extra<S>>>,
}

impl<S: Callbacks> Unpin for LiveTask<S> {}

impl<S: Callbacks> LiveTask<S> {
    pub(crate) fn new(setup: Setup<S>) -> Self {
        let Setup { stage, shared, inlet, outlet, in_pipeline } = setup;
        LiveTask { stage: Some(stage), inlet, outlet, shared, phase: Phase::New, in_pipeline, busy: false, extra: None }
    }

    fn extra(&mut self) -> &mut Extra<S> {
        self.extra.get_or_insert_default()
    }

    fn name(&self) -> Name {
        self.shared.meter.name(S::name)
    }

    /// The next phase, in which it is known why the stage ends.
    fn goes_to(&mut self, phase: Phase, reason: Reason) {
        self.phase = phase;
        self.extra().reason = Some(reason);
    }

    /// Why it ends: known in the later phases.
    fn reason(&self) -> Reason {
        self.extra.as_ref().and_then(|extra| extra.reason.clone()).unwrap_or(Reason::Shutdown)
    }

    /// The stage ends when what it has emitted is delivered.
    fn finish(&mut self, reason: Reason) {
        if matches!(self.phase, Phase::New | Phase::Running) {
            if let Some(inlet) = &mut self.inlet {
                inlet.cancel(&Ended::Cancelled(reason.clone()));
            }
            self.goes_to(Phase::Finishing, reason);
        }
    }

    /// The stage ends now.
    fn stop(&mut self, reason: Reason) {
        if !matches!(self.phase, Phase::Stopping | Phase::Last) {
            self.goes_to(Phase::Stopping, reason);
        }
    }

    fn fail(&mut self, cause: Cause) {
        self.stop(Reason::error(&cause));
        self.extra().failure.get_or_insert(cause);
    }

    /// What the dispatcher has to say for itself.
    fn take_news(&mut self) {
        let Some((discarded, fault)) = self.outlet.as_mut().map(|outlet| outlet.news()) else { return };
        if !discarded.is_empty() {
            self.discarded(discarded);
        }
        if let Some(cause) = fault {
            self.fail(cause);
        }
    }

    /// What the outlet wants done: infos whose turn has come, and demand that is to be told.
    fn due(&mut self) -> Option<(Step<S>, After)> {
        if let Some(info) = self.outlet.as_mut().and_then(|outlet| outlet.due())
            && let Ok(info) = info.downcast()
        {
            return Some((Step::Info(*info), After::Nothing));
        }
        if matches!(self.phase, Phase::Running)
            && self.inlet.is_none()
            && let Some(demand) = self.outlet.as_mut().and_then(|outlet| outlet.tell())
        {
            return Some((Step::Demand(Demand::new(demand)), After::Nothing));
        }
        None
    }

    /// What comes next of what is there to be done.
    fn next(&mut self) -> Option<(Step<S>, After)> {
        if let Some(step) = self.due() {
            return Some(step);
        }
        // What has come may be infos that only move on into the buffer.
        while matches!(self.inlet.as_ref()?.front()?, Front::Info) {
            let info = self.inlet.as_mut()?.next_info()?;
            if let Some(info) = self.info(info) {
                return Some((Step::Info(info), After::Nothing));
            }
        }
        let wanted = self.outlet.as_ref().is_none_or(|outlet| outlet.is_wanted());
        let inlet = self.inlet.as_mut()?;
        match inlet.front()? {
            Front::Ended => {
                let (ended, from, mode) = inlet.next_ended()?;
                if let Reason::Refused(text) = ended.reason() {
                    tracing::warn!(stage = &*self.name(), "a subscription was refused: {text}");
                }
                let after = After::Mode(mode, ended.clone(), from.tag);
                Some((Step::Cancel(ended, from), after))
            }
            // R35, R36: without demand nothing is begun; what is begun is handled to its end.
            Front::Batch if wanted || inlet.has_begun() => {
                let (batch, from) = inlet.next_from()?;
                Some(handed(batch, from))
            }
            Front::Batch | Front::Info => None,
        }
    }

    /// Whether there is nothing to be done until the next message, so that another round would find nothing: so it is
    /// with most consumers after most batches.
    fn is_idle(&self) -> bool {
        self.phase == Phase::Running
            && self.outlet.is_none()
            && self.extra.is_none()
            && !self.in_pipeline
            && self.inlet.as_ref().is_some_and(Inlet::is_idle)
    }

    /// Whether the stage has done everything it is going to do.
    fn is_over(&self) -> bool {
        let quiet = self.inlet.as_ref().is_none_or(|inlet| inlet.is_empty());
        quiet && !self.busy && self.outlet.as_ref().is_none_or(|outlet| outlet.is_clear())
    }

    /// Tells both neighbours, once (l08), and lets everything go.
    fn end(&mut self, reason: Reason) -> Ending {
        self.shared.meter.close(&reason);
        let ended = Ended::Down(reason.clone());
        if let Some(inlet) = &mut self.inlet {
            inlet.cancel(&ended);
        }
        if let Some(outlet) = &mut self.outlet {
            outlet.end(&ended);
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            (self.inlet, self.outlet) = (None, None);
            self.stage = None;
        }));
        let failure = self.extra.take().and_then(|extra| extra.failure);
        let failure = failure.or_else(|| Some(Cause::Panicked(text(&*dropped.err()?))));
        self.shared.meter.end(reason);
        if let (Some(cause), false) = (&failure, self.in_pipeline) {
            // Nobody has to wait for a live stage: what went wrong is told all the same.
            tracing::error!(stage = &*self.name(), "stopped: {cause}");
        }
        match failure {
            Some(cause) => Err(StageFailure { stage: (&self.name()).into(), cause }),
            None => Ok(()),
        }
    }
}

impl<S: Callbacks> Future for LiveTask<S> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Waiting<'_>) -> Poll<Ending> {
        let this = &mut *self;
        if fuzz::gives_way(cx) {
            return Poll::Pending;
        }
        // What runs of the user's outside of a callback (a dispatcher of their own, the `Clone` of an event) is contained
        // here: the stage ends as after a panic of a callback.
        match catch_unwind(AssertUnwindSafe(|| this.turn(cx))) {
            Ok(polled) => polled,
            Err(panic) => {
                this.panicked(&*panic);
                let reason = this.reason();
                Poll::Ready(this.end(reason))
            }
        }
    }
}

impl<S: Callbacks> LiveTask<S> {
    /// Everything there is to be done.
    fn turn(&mut self, cx: &mut Waiting<'_>) -> Poll<Ending> {
        let this = self;
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            if let Some(working) = this.extra.as_mut().and_then(|extra| extra.working.as_mut()) {
                match catch_unwind(AssertUnwindSafe(|| working.as_mut().poll(cx))) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready((stage, context, answer, after))) => {
                        this.idle();
                        this.stage = Some(stage);
                        this.complete(context, answer, after);
                    }
                    Err(panic) => {
                        this.idle();
                        this.panicked(&*panic);
                    }
                }
            }
            coop.made_progress();
            match this.phase {
                Phase::New => {
                    // Whatever comes of it, it has begun once.
                    this.phase = Phase::Running;
                    this.begin(Step::Start, After::Started, cx);
                    continue;
                }
                Phase::Stopping => {
                    this.phase = Phase::Last;
                    this.begin(Step::Stop(this.reason()), After::Stopped, cx);
                    continue;
                }
                Phase::Last => return Poll::Ready(this.end(this.reason())),
                Phase::Running | Phase::Finishing => {}
            }
            // Notes first: a stage that is asked all the time can be called all the same.
            if this.attend(cx) {
                continue;
            }
            if this.hear(cx) {
                if this.is_idle() {
                    return Poll::Pending;
                }
                continue;
            }
            this.take_news();
            if matches!(this.phase, Phase::Stopping | Phase::Last) {
                continue;
            }
            if this.attend(cx) {
                continue;
            }
            if let Some((step, after)) = this.next() {
                this.begin(step, after, cx);
                continue;
            }
            if this.in_pipeline {
                if this.outlet.as_ref().is_some_and(|outlet| outlet.is_cancelled()) {
                    this.stop(Reason::Shutdown);
                    continue;
                }
                if this.inlet.as_ref().is_some_and(|inlet| inlet.is_ended()) {
                    this.finish(Reason::Normal);
                }
            }
            match this.phase {
                Phase::Finishing if this.is_over() => this.phase = Phase::Stopping,
                Phase::Finishing | Phase::Running => return Poll::Pending,
                _ => {}
            }
        }
    }
}

impl<S: Callbacks> Drop for LiveTask<S> {
    fn drop(&mut self) {
        if self.shared.meter.ended().is_none() {
            // Aborted: the neighbours are told, and what was lost is counted, as the halves are dropped.
            let reason = Reason::error("aborted");
            self.shared.meter.close(&reason);
            // A panic of the user's own destructors keeps nobody waiting for the end.
            let drops: [&mut dyn FnMut(&mut Self); 3] =
                [&mut |this| this.idle(), &mut |this| (this.inlet, this.outlet) = (None, None), &mut |this| {
                    this.stage = None
                }];
            for drop in drops {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(self))) {
                    let panic = text(&*panic);
                    tracing::warn!(stage = &*self.name(), panic, "a destructor panicked as the stage was aborted");
                }
            }
            self.shared.meter.end(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::NoEvents;

    /// A consumer with a pointer for its state.
    struct Small(#[expect(dead_code, reason = "its size counts")] Arc<()>);
    impl Callbacks for Small {
        type In = u64;
        type Out = NoEvents;
        type Info = ();
    }

    #[test]
    fn an_idle_stage_is_small() {
        // tokio's cell for a task has 104 bytes of its own, and is a multiple of 128.
        assert!(size_of::<LiveTask<Small>>() <= 152, "{}", size_of::<LiveTask<Small>>());
        // With the two counts of its `Arc` and the word that the allocator keeps it fills what is left to the next cell.
        assert!(size_of::<Inbox<Down<u64>>>() <= 88, "{}", size_of::<Inbox<Down<u64>>>());
    }
}
