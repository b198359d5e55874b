//! What surrounds one stage inside a run: its counters, its policy, and the `else` edge its errors take.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::error::{BoxError, Cause};
use crate::op::Flow;
use crate::options::{Options, Policy};
use crate::receipt::{Events, Receipt};
use crate::telemetry::Meter;

/// Errors on their way to the stage behind `else`.
pub(crate) struct Spill<X>(Mutex<Events<X>>);

impl<X> Spill<X> {
    pub(crate) fn new() -> Self {
        Spill(Mutex::new(Events::default()))
    }

    fn lock(&self) -> MutexGuard<'_, Events<X>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn take(&self) -> Events<X> {
        std::mem::take(&mut self.lock())
    }
}

/// A warning at most once a second, with the number of those not shown.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    last: Option<Instant>,
    hidden: u64,
}

impl Warnings {
    /// `Some(hidden)` if a warning may be shown now.
    pub(crate) fn due(&mut self) -> Option<u64> {
        let now = Instant::now();
        if self.last.is_some_and(|last| now.duration_since(last) < Duration::from_secs(1)) {
            self.hidden += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.hidden))
    }
}

/// The surroundings of one stage.
pub(crate) struct Slot<X> {
    pub(crate) name: Arc<str>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) policy: Policy,
    pub(crate) on_panic: Policy,
    tell: Option<fn(X) -> BoxError>,
    spill: Option<Arc<Spill<X>>>,
    /// Events emitted since the last count.
    pub(crate) emitted: u64,
    /// Errors in the spill that have no receipt yet.
    pending: Vec<X>,
    /// Failures since the last look that nobody else answers for.
    failures: usize,
    stopped: Option<Cause>,
    warnings: Warnings,
}

impl<X: Send + 'static> Slot<X> {
    pub(crate) fn new(options: &Options, tell: Option<fn(X) -> BoxError>, meter: Arc<Meter>) -> Self {
        Slot {
            name: options.name.clone(),
            meter,
            policy: options.on_error,
            on_panic: options.on_panic.unwrap_or(options.on_error),
            tell,
            spill: None,
            emitted: 0,
            pending: Vec::new(),
            failures: 0,
            stopped: None,
            warnings: Warnings::default(),
        }
    }

    /// The same surroundings for another worker.
    pub(crate) fn again(&self, meter: Arc<Meter>) -> Self {
        Slot {
            name: self.name.clone(),
            meter,
            policy: self.policy,
            on_panic: self.on_panic,
            tell: self.tell,
            spill: self.spill.clone(),
            emitted: 0,
            pending: Vec::new(),
            failures: 0,
            stopped: None,
            warnings: Warnings::default(),
        }
    }

    /// Whether there are failures that were not looked at.
    #[inline]
    pub(crate) fn is_faulty(&self) -> bool {
        self.failures > 0 || !self.pending.is_empty()
    }

    /// The stage returned an error.
    #[cold]
    pub(crate) fn fail(&mut self, error: X) -> Flow {
        self.meter.failed.add(1);
        if self.spill.is_some() {
            self.pending.push(error);
            return Flow::Continue(());
        }
        let error = match self.tell {
            Some(tell) => tell(error),
            None => "an error of a stage whose `else` edge was never connected".into(),
        };
        self.fault(Cause::Failed(error))
    }

    /// Something other than the stage's own error went wrong with an event.
    #[cold]
    pub(crate) fn fault(&mut self, cause: Cause) -> Flow {
        self.failures += 1;
        match self.policy {
            Policy::Skip => {
                if let Some(hidden) = self.warnings.due() {
                    tracing::warn!(stage = &*self.name, hidden, "skipped an event: {cause}");
                }
                Flow::Continue(())
            }
            Policy::Stop => {
                self.stopped.get_or_insert(cause);
                Flow::Break(())
            }
        }
    }

    /// An event took `attempts` further attempts, whatever came of it.
    pub(crate) fn retried(&mut self, attempts: u32) {
        if attempts == 0 {
            return;
        }
        self.meter.retried.add(u64::from(attempts));
        if let Some(hidden) = self.warnings.due() {
            tracing::warn!(stage = &*self.name, attempts, hidden, "retried an event");
        }
    }

    pub(crate) fn absorb<F: crate::op::Fault<Error = X>>(
        &mut self,
        failures: &mut Vec<F>,
        fault: Option<Cause>,
    ) -> Flow {
        let mut flow = Flow::Continue(());
        for failure in failures.drain(..) {
            if self.fail(failure.into_error()).is_break() {
                flow = Flow::Break(());
            }
        }
        if let Some(cause) = fault {
            self.meter.failed.add(1);
            if self.fault(cause).is_break() {
                flow = Flow::Break(());
            }
        }
        flow
    }
}

/// What the loop needs of a slot, whatever its error type.
pub(crate) trait Surroundings {
    fn name(&self) -> &Arc<str>;
    fn meter(&self) -> &Arc<Meter>;
    fn on_panic(&self) -> Policy;
    /// The stage was stopped in the middle of an event of which so much has left.
    fn add_emitted(&mut self, n: u64);
    /// How many errors wait for their receipts.
    fn spilled(&self) -> usize;
    /// Sends the waiting errors off, each with what `receipt` gives.
    fn release(&mut self, receipt: &mut dyn FnMut() -> Option<Receipt>);
    /// How many failures there were since the last call that have no `else` edge.
    fn take_failures(&mut self) -> usize;
    /// The failure whose policy is to stop.
    fn take_stop(&mut self) -> Option<Cause>;
    /// A panic, or the like, is skipped: says so.
    fn skip(&mut self, cause: &Cause);
    /// The place of its spill: an `Option<Arc<Spill<X>>>`.
    fn spill(&mut self) -> &mut dyn Any;
}

impl<X: Send + 'static> Surroundings for Slot<X> {
    fn add_emitted(&mut self, n: u64) {
        self.emitted += n;
    }
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }
    fn on_panic(&self) -> Policy {
        self.on_panic
    }
    fn spilled(&self) -> usize {
        self.pending.len()
    }
    fn release(&mut self, receipt: &mut dyn FnMut() -> Option<Receipt>) {
        if self.pending.is_empty() {
            return;
        }
        let Some(spill) = &self.spill else { return };
        let mut spill = spill.lock();
        for error in self.pending.drain(..) {
            spill.push(error, receipt());
        }
    }
    fn take_failures(&mut self) -> usize {
        std::mem::take(&mut self.failures)
    }
    fn take_stop(&mut self) -> Option<Cause> {
        self.stopped.take()
    }
    fn spill(&mut self) -> &mut dyn Any {
        &mut self.spill
    }
    fn skip(&mut self, cause: &Cause) {
        if let Some(hidden) = self.warnings.due() {
            tracing::warn!(stage = &*self.name, hidden, "skipped an event: {cause}");
        }
    }
}
