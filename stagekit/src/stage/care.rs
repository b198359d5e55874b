//! Care: what happens to a run after a failure, a panic, or at the end of an event that has a receipt.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Cause, StageFailure};
use crate::intensity::Intensity;
use crate::options::{Options, Policy, Shutdown};
use crate::receipt::{Events, Receipt};
use crate::run::Run;

/// Decides whether a run goes on.
#[derive(Clone)]
pub(crate) struct Care {
    /// The stages of the run, as they are named in a failure that cannot be told apart.
    name: Arc<str>,
    intensity: Option<Intensity>,
    since: Instant,
}

impl Care {
    pub(crate) fn new<'a>(options: impl Iterator<Item = &'a Options> + Clone) -> Self {
        let names: Vec<_> = options.clone().map(|options| &*options.name).collect();
        // One task begins again as a whole, as rarely as its strictest stage allows.
        let restart = options.filter_map(|options| options.restart).min_by_key(|restart| restart.limit);
        Care { name: names.join(" -> ").into(), intensity: restart.map(Intensity::new), since: Instant::now() }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// After a `Break`: a stage failed and its policy is to stop.
    #[cold]
    pub(crate) fn stopped<In, R: Run<In>>(&mut self, run: &mut R) -> Result<(), StageFailure> {
        let mut found = None;
        run.each(&mut |slot| {
            let slot = slot.get().0;
            if let Some(cause) = slot.take_stop() {
                found.get_or_insert((slot.name().clone(), cause));
            }
        });
        match found {
            Some((stage, cause)) => self.again(run, stage, cause),
            None => Ok(()),
        }
    }

    /// After a panic over one event, or over so many of a batch. `Ok` if the stage goes on with the next event.
    #[cold]
    pub(crate) fn panicked<In, R: Run<In>>(
        &mut self,
        run: &mut R,
        panic: Box<dyn Any + Send>,
        events: usize,
    ) -> Result<(), StageFailure> {
        let cause = Cause::Panicked(text(&*panic));
        let mut skips = true;
        run.clear();
        run.each(&mut |slot| {
            let slot = slot.get().0;
            // Errors that the event had before it panicked go their way; its receipt has failed already.
            slot.release(&mut || None);
            slot.take_failures();
            skips &= slot.on_panic() == Policy::Skip;
        });
        let mut first = true;
        run.each(&mut |slot| {
            if std::mem::take(&mut first) {
                let slot = slot.get().0;
                if skips {
                    slot.skip(&cause);
                }
                slot.meter().failed.add(events.max(1) as u64);
            }
        });
        if skips { Ok(()) } else { self.again(run, self.name.clone(), cause) }
    }

    /// Begins again, if the stage may.
    fn again<In, R: Run<In>>(&mut self, run: &mut R, stage: Arc<str>, cause: Cause) -> Result<(), StageFailure> {
        let Some(intensity) = &mut self.intensity else { return Err(StageFailure { stage, cause }) };
        if !intensity.allows(self.since.elapsed()) {
            let limit = intensity.limit();
            return Err(StageFailure { stage, cause: Cause::Restarts { limit, last: Box::new(cause) } });
        }
        if !run.restart() {
            return Err(StageFailure { stage, cause });
        }
        tracing::warn!(stage = &*stage, "begins again from its initial state: {cause}");
        Ok(())
    }
}

/// The moment in `wait`; a wait without end is a long one.
pub(crate) fn far(wait: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(30 * 365 * 86_400);
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now + YEARS)
}

/// Waits for the end of something that was asked to end, for as long as the rule says; whether it has.
pub(crate) async fn within<F: Future>(rule: Shutdown, ending: F) -> bool {
    match rule {
        Shutdown::Abort => false,
        Shutdown::After(limit) => tokio::time::timeout_at(far(limit), ending).await.is_ok(),
        Shutdown::Never => {
            ending.await;
            true
        }
    }
}

/// A one-to-one run panicked over an event: it went in, and nothing came out.
pub(crate) fn taken_in_vain<In, R: Run<In>>(run: &mut R) {
    let mut first = true;
    run.each(&mut |slot| {
        if std::mem::take(&mut first) {
            slot.get().0.meter().events_in.add(1);
        }
    });
}

/// The text of a panic.
pub(crate) fn text(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a value that is no text".to_owned(),
    }
}

/// An event with a receipt is finished: it has emitted the values of `out` from `before` on. What it emitted and what
/// went to an `else` edge carries the receipt on; what failed for good fails it; what has led to nothing more is done.
pub(crate) fn settle<In, R: Run<In>>(run: &mut R, receipt: Option<Receipt>, before: usize, out: &mut Events<R::Out>) {
    let (mut failures, mut spilled) = (0, 0);
    if R::FALLIBLE || R::ASYNC {
        run.each(&mut |slot| {
            let slot = slot.get().0;
            failures += slot.take_failures();
            spilled += slot.spilled();
        });
    }
    let Some(mut receipt) = receipt else {
        if spilled > 0 {
            run.each(&mut |slot| slot.get().0.release(&mut || None));
        }
        out.align();
        return;
    };
    let emitted = out.values.len() - before;
    if emitted > 0 {
        // Events of sources without receipts may stand before these.
        out.pad(before, &receipt);
    }
    if emitted == 1 && failures + spilled == 0 {
        out.attach(receipt);
        return;
    }
    for _ in 0..emitted {
        out.attach(receipt.share());
    }
    if spilled > 0 {
        run.each(&mut |slot| slot.get().0.release(&mut || Some(receipt.share())));
    }
    receipt.settle(failures == 0);
}

/// The last stage of the run has emitted so much of an event that it does not finish.
pub(super) fn emitted_in_vain<In, R: Run<In>>(run: &mut R, n: usize) {
    let mut stages = 0;
    run.each(&mut |_| stages += 1);
    run.each(&mut |stage| {
        stages -= 1;
        if stages == 0 {
            stage.get().0.add_emitted(n as u64);
        }
    });
}
