//! The side of a running stage: see [`Side`].

use std::any::Any;
use std::sync::Arc;
use std::task::Context;

use crate::cancel::Ended;
use crate::error::Cause;
use crate::op::Event;
use crate::port::{ErrorEnd, SharedOutlets, leads};
use crate::ring::Ring;
use crate::side::Side;
use crate::slot::Spill;
use crate::stage::outlet::Outlet;
use crate::stage::wiring::{Edges, wire};
use crate::telemetry::Meter;

/// Errors of type `X`.
struct ErrorSide<X> {
    spill: Arc<Spill<X>>,
    outlet: Outlet<X>,
    /// Its own: a meter has one writer, and the demand for errors is not the stage's.
    meter: Arc<Meter>,
}

/// What leads the errors of a stage to these outlets. Each worker of the stage has a side of its own.
pub(crate) fn error_end<X: Event>(outlets: SharedOutlets<X>) -> ErrorEnd {
    let edges = outlets.clone();
    let wiring = Box::new(move |place: &mut dyn Any, ring: Option<&Arc<Ring>>| {
        let spill = Arc::new(Spill::new());
        let meter = Arc::<Meter>::default();
        let outlet = wire(&outlets, None, Edges::OfErrors, ring, meter.clone())?.0;
        if let Some(place) = place.downcast_mut::<Option<Arc<Spill<X>>>>() {
            *place = Some(spill.clone());
        }
        Ok(Box::new(ErrorSide { spill, outlet, meter }) as Box<dyn Side>)
    });
    ErrorEnd { wiring, leads: Box::new(move || leads(&edges)) }
}

impl<X: Send> Side for ErrorSide<X> {
    fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        self.outlet.listen(cx)
    }
    fn publish(&mut self) {
        // An outlet of errors has no overflow policy: they wait, and so does the stage.
        let _ = self.outlet.publish(self.spill.take());
    }
    fn is_ready(&self) -> bool {
        // Without demand they would wait, and be discarded if the stage fails before there is some.
        self.outlet.is_ready() && self.outlet.room() > 0
    }
    fn is_clear(&self) -> bool {
        self.outlet.is_clear()
    }
    fn resting(&self) -> usize {
        self.outlet.resting()
    }
    fn is_cancelled(&self) -> bool {
        self.outlet.is_cancelled()
    }
    fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }
    fn take_fault(&mut self) -> Option<Cause> {
        self.outlet.take_fault()
    }
    fn end(&mut self, ended: &Ended) {
        self.outlet.end(ended);
    }
}

impl<X> Drop for ErrorSide<X> {
    fn drop(&mut self) {
        // l03: errors that never reached the outlet.
        let left = self.spill.take();
        self.meter.lost.add(left.len() as u64);
    }
}
