//! The edge that closes a loop, `=> feedback(n) name`: a place for events on their way back, which always takes what
//! comes, so that a loop cannot wait for itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use crate::batch::Batch;
use crate::cancel::{Ended, Reason};
use crate::error::{Cause, StageFailure};
use crate::fuzz;
use crate::host::Ending;
use crate::op::Event;
use crate::options::{Options, Overflow};
use crate::port::{Intake, SharedOutlets, leads, leads_to};
use crate::ring::Ring;
use crate::stage::halves::Out;
use crate::stage::inlet::Inlet;
use crate::stage::outlet::Outlet;
use crate::stage::place::{Launched, Place, Stage, Wrong};
use crate::stage::reading::bare;
use crate::stage::rings::Links;
use crate::stage::wiring::{Edges, wire};
use crate::subscription::Door;
use crate::telemetry::{Gauge, Meter};
use crate::topology::Reading;

/// The place of a loop, before anything runs.
struct FeedbackPlace<T> {
    /// The stage that it leads back to.
    to: Arc<str>,
    /// What the text of the graph calls it: the name that `let` gave it.
    written: Arc<str>,
    intake: Arc<Intake<T>>,
    outlets: SharedOutlets<T>,
    room: usize,
    overflow: Overflow,
    wired: Option<(Outlet<T>, Arc<Door<T>>)>,
    meter: Arc<Meter>,
}

/// The place before `outlets`, which lead back to the stage `to`.
pub(crate) fn place_feedback<T: Event>(
    to: &Arc<str>,
    intake: Arc<Intake<T>>,
    outlets: SharedOutlets<T>,
    room: usize,
    overflow: Overflow,
) -> Stage {
    let (to, written) = (to.clone(), to.clone());
    Stage::of(FeedbackPlace { to, written, intake, outlets, room, overflow, wired: None, meter: Arc::default() })
}

impl<T> FeedbackPlace<T> {
    fn name(&self) -> Arc<str> {
        format!("feedback {}", self.to).into()
    }

    fn wrong(&self) -> Result<(), Wrong> {
        let to = &self.written;
        if self.room == 0 {
            return Err((self.name(), "`feedback` must hold at least 1 event, got 0".into()));
        }
        if self.overflow == Overflow::Wait {
            let text = format!(
                "a loop cannot wait for itself: `feedback({room}) {to}` fails when it is full, `feedback({room}, drop_oldest) {to}` drops",
                room = self.room
            );
            return Err((self.name(), text));
        }
        Ok(())
    }
}

impl<T: Event> Place for FeedbackPlace<T> {
    fn read(&self) -> Option<Reading> {
        let options = Options::new(&self.name());
        let wrong = self.wrong().err();
        Some(Reading { back: Some(self.room), wrong, ..bare(options, self.intake.id(), leads(&self.outlets)) })
    }

    fn links(&self) -> Links {
        Links {
            name: self.to.clone(),
            intake: Some(self.intake.id()),
            feeds: leads_to(&self.outlets),
            back: Some(self.room),
            ..Links::default()
        }
    }

    fn leads_back_to(&mut self, written: &'static str) {
        self.written = written.into();
    }

    fn stand_on(&mut self, ring: &Arc<Ring>) {
        let _ = self.intake.ring.set(ring.clone());
    }

    fn wire(&mut self) -> Result<(), Wrong> {
        self.wrong()?;
        let overflow = Some((self.room, self.overflow));
        let ring = self.intake.ring.get();
        let wired = wire(&self.outlets, overflow, Edges::ToStages, ring, self.meter.clone());
        self.wired = Some(wired.map_err(|text| (self.name(), text))?);
        Ok(())
    }

    fn launch(mut self: Box<Self>, to: &mut Launched) {
        let name = self.name();
        let (Some((outlet, door)), Some(ring)) = (self.wired.take(), self.intake.ring.get()) else { return };
        let ups = self.intake.subscriptions(0);
        let mut inlet = Inlet::new(self.intake.workers[0].0.clone(), ups, self.meter.clone());
        // What leads here is a stage of the ring.
        inlet.stand_on(ring.clone(), Vec::new());
        let mut out = Out::new(name.clone(), outlet, Vec::new());
        out.stand_on(Some(ring.clone()));
        let mut gauge = Gauge::new(name.clone(), vec![self.meter.clone()]);
        gauge.emits = std::any::type_name::<T>();
        gauge.doors.push(door);
        to.gauges.push(gauge);
        let (ring, meter) = (ring.clone(), self.meter.clone());
        let task = FeedbackTask { inlet, out, ring, meter, to: self.written.clone(), ended: false };
        to.tasks.push((name, Box::pin(task)));
    }
}

/// Takes what comes, and gives it to the stage that asks for it.
struct FeedbackTask<T> {
    inlet: Inlet<T>,
    out: Out<T>,
    ring: Arc<Ring>,
    meter: Arc<Meter>,
    to: Arc<str>,
    /// The stage behind it has been told that nothing more will come.
    ended: bool,
}

impl<T> Unpin for FeedbackTask<T> {}

impl<T> FeedbackTask<T> {
    fn stop(&mut self, reason: Reason) {
        self.inlet.cancel(&Ended::Down(reason.clone()));
        self.out.end(reason);
    }

    fn fail(&mut self, mut failure: StageFailure) -> Poll<Ending> {
        if let Cause::Overflow { capacity } = failure.cause {
            failure.cause = Cause::Loop { capacity, to: self.to.clone() };
        }
        self.stop(Reason::error(&failure.cause));
        Poll::Ready(Err(failure))
    }
}

impl<T: Event> Future for FeedbackTask<T> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let this = &mut *self;
        if fuzz::gives_way(cx) {
            return Poll::Pending;
        }
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            let heard = this.out.listen(cx) | this.inlet.listen(cx);
            if let Err(failure) = this.out.verdict() {
                return this.fail(failure);
            }
            if this.out.is_cancelled() {
                this.stop(Reason::Shutdown);
                return Poll::Ready(Ok(()));
            }
            // Whatever the demand is.
            while let Some(batch) = this.inlet.next(usize::MAX) {
                let n = batch.len();
                // Nothing is lent to it: it asked for clones.
                let Batch::Owned(events) = batch else { continue };
                this.meter.events_in.add(n as u64);
                this.meter.events_out.add(n as u64);
                let published = this.out.publish_through(events);
                this.inlet.settle(n);
                if let Err(failure) = published {
                    return this.fail(failure);
                }
            }
            if this.inlet.is_ended() && this.out.is_clear() {
                this.out.end(Reason::Normal);
                return Poll::Ready(Ok(()));
            }
            // l12: nothing is on the ring, and nothing comes. The stages before this one end after those behind it.
            if !this.ended && this.ring.is_over(cx.waker()) {
                this.ended = true;
                this.out.end(Reason::Normal);
            }
            if !heard {
                return Poll::Pending;
            }
            coop.made_progress();
        }
    }
}
