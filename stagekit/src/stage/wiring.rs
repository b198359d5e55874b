//! How an outlet is tied to what its edges lead to, for one worker of a stage: its doors, its sides and its gauges.

use std::any::Any;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::lock::lock;
use crate::op::Event;
use crate::open::Part;
use crate::options::Overflow;
use crate::port::{Group, SharedOutlets, Upstream};
use crate::ring::Ring;
use crate::side::Side;
use crate::slot::Surroundings;
use crate::stage::halves::Out;
use crate::stage::outlet::Outlet;
use crate::stage::place::Wrong;
use crate::subscription::{Door, Target};
use crate::telemetry::{Gauge, Meter, Metered};
use crate::tuner::Tuner;

/// What leads away from an outlet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edges {
    /// To stages, and one of them may be a guest.
    ToGuests,
    ToStages,
    /// `else`: whoever takes the errors asks for many from the first on, because errors that wait when their stage fails
    /// are discarded.
    OfErrors,
}

/// The outlet of one worker of a stage on this ring, subscribed to by everything its edges lead to; and its door.
pub(crate) fn wire<T>(
    outlets: &SharedOutlets<T>,
    overflow: Option<(usize, Overflow)>,
    edges: Edges,
    ring: Option<&Arc<Ring>>,
    meter: Arc<dyn Metered>,
) -> Result<(Outlet<T>, Arc<Door<T>>), String> {
    let outlets = lock(outlets);
    let door = Door::new();
    let (mut targets, mut groups) = (Vec::new(), Vec::new());
    let (mut lump, mut any_tuned, mut stay) = (0, false, Vec::new());
    if outlets.groups.len() > 1 && outlets.groups.iter().any(|group| group.copier.is_none()) {
        return Err("leads to several stages, but not all of its edges were made by `share`".into());
    }
    for (at, group) in outlets.groups.iter().enumerate() {
        let mut subs = Vec::new();
        for (intake, limits) in &group.legs {
            let (max, min) = limits.resolve().map_err(|wrong| format!("the edge to `{}`: {wrong}", intake.name))?;
            let free = limits.is_default();
            let tuned = free && edges != Edges::OfErrors;
            any_tuned |= tuned;
            let (most, least) = if tuned { Tuner::most(size_of::<T>()) } else { (max, min) };
            lump = lump.max(most - least);
            let inside = ring.is_some_and(|ring| intake.ring.get().is_some_and(|other| Arc::ptr_eq(ring, other)));
            for (down, ups) in &intake.workers {
                let mut ups = lock(ups);
                let sub = door.number();
                subs.push((sub as usize, most));
                ups.push(Upstream { door: door.clone(), sub, max, min, free, tuned, inside });
                stay.extend(inside.then_some(sub));
                targets.push(Target { inbox: down.clone(), sub: ups.len() as u32 - 1 });
            }
        }
        groups.push((at, subs));
    }
    let dispatcher = match &outlets.branches {
        Some(_) if outlets.discard || !outlets.groups.is_empty() => {
            return Err("leads to a `match`, so no other edge can lead out of it".into());
        }
        Some(branches) => {
            let (branches, (most, tuned)) = branches.wire(edges == Edges::OfErrors, ring)?;
            (lump, any_tuned) = (most, tuned);
            Dispatcher::Branches(branches)
        }
        None => Outlet::dispatcher(&outlets.groups, &groups),
    };
    let lump = if lump == 0 { usize::MAX } else { lump };
    let bound = groups.iter().flat_map(|(_, subs)| subs).map(|(_, most)| *most).max();
    let mut outlet = Outlet::new(door.clone(), targets, dispatcher, outlets.discard, overflow, lump, meter);
    outlet.bound_to(bound.unwrap_or(lump));
    if any_tuned {
        outlet.set_tuned();
    }
    if let Some(ring) = ring {
        stay.iter().for_each(|&sub| outlet.stays_on(sub, ring));
    }
    if overflow.is_none()
        && stay.is_empty()
        && let [Group { legs, key: None, .. }] = &outlets.groups[..]
        && let [(intake, _)] = &legs[..]
        && intake.workers.len() == 1
    {
        let calls = edges == Edges::ToGuests && intake.ring.get().is_none();
        outlet.draw_line(0, calls.then(|| intake.home.clone()));
    }
    Ok((outlet, door))
}

pub(super) fn leads_somewhere<T>(name: &Arc<str>, outlets: &SharedOutlets<T>) -> Result<(), Wrong> {
    let outlets = lock(outlets);
    if outlets.groups.is_empty() && outlets.branches.is_none() && !outlets.discard {
        let wrong = "it emits events that lead nowhere: connect it to a consumer, or discard them (`=> _`)";
        return Err((name.clone(), wrong.into()));
    }
    Ok(())
}

/// The outlet and the sides of one worker, with the door of the outlet.
pub(super) struct Ends<T> {
    pub(super) out: Out<T>,
    pub(super) door: Arc<Door<T>>,
    pub(super) sides: SideMeters,
    /// One for each stage of the run.
    pub(super) meters: Vec<Arc<Meter>>,
}

/// For each side its stage, by its place in the run, and its meter.
pub(super) type SideMeters = Vec<(usize, Arc<Meter>)>;

/// Visits what surrounds each stage of a run.
pub(super) type Each<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&mut dyn Surroundings));

/// Wires the outlet and the sides of one worker.
pub(super) fn ends<T: 'static>(
    parts: &[Part],
    each: Each<'_>,
    outlets: &SharedOutlets<T>,
    hosts: bool,
    ring: Option<&Arc<Ring>>,
) -> Result<Ends<T>, Wrong> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Err(Default::default()) };
    if !is_consumer::<T>() {
        leads_somewhere(&last.options.name, outlets)?;
    }
    let Sides { sides, meters: side_meters, all } = Sides::of(parts, each, ring)?;
    let meter = all.last().cloned().unwrap_or_default();
    let edges = if hosts { Edges::ToGuests } else { Edges::ToStages };
    let (outlet, door) =
        wire(outlets, first.options.buffer, edges, ring, meter).map_err(|text| (last.options.name.clone(), text))?;
    let mut out = Out::new(last.options.name.clone(), outlet, sides);
    out.stand_on(ring.cloned());
    Ok(Ends { out, door, sides: side_meters, meters: all })
}

/// The sides of one worker.
struct Sides {
    sides: Vec<(Arc<str>, Box<dyn Side>)>,
    meters: SideMeters,
    /// The meters of the stages.
    all: Vec<Arc<Meter>>,
}

impl Sides {
    fn of(parts: &[Part], each: Each<'_>, ring: Option<&Arc<Ring>>) -> Result<Sides, Wrong> {
        let mut of = Sides { sides: Vec::new(), meters: Vec::new(), all: Vec::new() };
        let mut wrong = None;
        let mut parts_left = parts.iter().enumerate();
        each(&mut |slot| {
            let Some((at, part)) = parts_left.next() else { return };
            of.all.push(slot.meter().clone());
            if let Some(end) = &*lock(&part.errors) {
                match (end.wiring)(slot.spill(), ring) {
                    Ok(side) => {
                        of.meters.push((at, side.meter().clone()));
                        of.sides.push((part.options.name.clone(), side));
                    }
                    Err(text) => wrong = Some((part.options.name.clone(), text)),
                }
            }
        });
        wrong.map_or(Ok(of), Err)
    }
}

pub(super) fn is_consumer<T: 'static>() -> bool {
    std::any::TypeId::of::<T>() == std::any::TypeId::of::<crate::op::NoEvents>()
}

/// The gauges of the stages of a run. Its events leave by the last of them.
pub(super) fn gauges<T: Event>(
    parts: &[Part],
    instances: Vec<Vec<Arc<Meter>>>,
    doors: Vec<Arc<Door<T>>>,
    sides: SideMeters,
) -> Vec<Gauge> {
    let of =
        |at: usize| instances.iter().filter_map(|meters| Some(meters.get(at)?.clone() as Arc<dyn Metered>)).collect();
    let gauge = |(at, part): (usize, &Part)| Gauge::new(part.options.name.clone(), of(at));
    let mut gauges: Vec<Gauge> = parts.iter().enumerate().map(gauge).collect();
    for (at, meter) in sides {
        gauges[at].sides.push(meter);
    }
    if let (Some(last), false) = (gauges.last_mut(), is_consumer::<T>()) {
        last.emits = std::any::type_name::<T>();
        last.doors.extend(doors.into_iter().map(|door| door as Arc<dyn Any + Send + Sync>));
    }
    gauges
}
