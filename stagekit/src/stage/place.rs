//! From a closed run to tasks: first every stage is wired to those below it, then all of them are launched.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::fuzz;
use crate::host::{Ending, GuestTask};
use crate::lock::lock;
use crate::op::{Event, NoEvents};
use crate::open::{Begins, Open, Part, Subscribes};
use crate::options::{Options, Overflow};
use crate::outline::{self, GraphError, OpenEnds, Sketch};
use crate::port::{Group, Intake, Leads, SharedOutlets, Upstream, address, leads, leads_to, legs};
use crate::producer::Producer;
use crate::ring::Ring;
use crate::run::Run;
use crate::side::Side;
use crate::slot::Surroundings;
use crate::stage::body::SyncBody;
use crate::stage::care::Care;
use crate::stage::halves::{Halves, Out};
use crate::stage::inlet::Inlet;
use crate::stage::opening::{Opening, body, is_at_once};
use crate::stage::outlet::Outlet;
use crate::stage::own::{Own, Site};
use crate::stage::rings::{self, Links};
use crate::stage::source_body::Rim;
use crate::stage::sync_task::SyncTask;
use crate::stage::task::{SourceTask, StageTask};
use crate::subscription::{Door, Drains, Target};
use crate::telemetry::{Gauge, Meter, Metered};
use crate::topology::{Drawing, Legs, Sketch as Drawn, Topology};
use crate::tuner::Tuner;

/// A task to be spawned.
pub(crate) type Task = Pin<Box<dyn Future<Output = Ending> + Send>>;

/// What is wrong with a stage, and its name.
pub(crate) type Wrong = (Arc<str>, String);

/// Everything that launching a stage gives.
#[derive(Default)]
pub(crate) struct Launched {
    pub(crate) tasks: Vec<(Arc<str>, Task)>,
    pub(crate) gauges: Vec<Gauge>,
    /// The producers, to be told to drain.
    pub(crate) sources: Vec<Arc<dyn Drains>>,
}

/// One stage (or fused run) of a graph that does not run yet.
pub struct Stage(Box<dyn Place>, Option<(&'static Drawing, usize)>);

impl Stage {
    pub(crate) fn of(place: impl Place + 'static) -> Self {
        Stage(Box::new(place), None)
    }

    /// Says what the macro knows of its text: it is the run of this number there.
    pub(crate) fn draw(&mut self, drawing: &'static Drawing, run: usize) {
        self.1 = Some((drawing, run));
    }

    pub(super) fn links(&self) -> Links {
        self.0.links()
    }

    pub(super) fn stand_on(&mut self, ring: &Arc<Ring>) {
        self.0.stand_on(ring);
    }
}

/// What is wrong with a graph of these stages as a whole.
pub(crate) fn check(stages: &[Stage], ends: OpenEnds) -> Result<(), GraphError> {
    outline::check(stages.iter().filter_map(|stage| stage.0.sketch()).collect(), ends)
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stage")
    }
}

pub(crate) trait Place: Send {
    /// What it looks like before anything runs. What only comes up when the graph starts has no sketch.
    fn sketch(&self) -> Option<Sketch> {
        None
    }
    /// If it is placed in a way of its own, its stages are put into `stages` in its place.
    fn splice(&mut self, stages: &mut Vec<Stage>) -> Result<bool, Wrong> {
        let _ = stages;
        Ok(false)
    }
    /// Where it stands among the others.
    fn links(&self) -> Links {
        Links::default()
    }
    /// It stands on a ring.
    fn stand_on(&mut self, ring: &Arc<Ring>) {
        let _ = ring;
    }
    fn wire(&mut self) -> Result<(), Wrong>;
    /// What shows when everything is wired.
    fn check(&self) -> Result<(), Wrong> {
        Ok(())
    }
    /// Adds itself to the picture of the graph.
    fn draw(&self, to: &mut Drawn) {
        let _ = to;
    }
    fn launch(self: Box<Self>, to: &mut Launched);
}

/// The graph of these stages, open where these outlets are.
pub(crate) fn topology(stages: &[Stage], head: Option<Legs>, tail: Option<usize>) -> Topology {
    let mut drawn = Drawn::default();
    drawn.open(head, tail);
    for stage in stages {
        drawn.begin(stage.1);
        stage.0.draw(&mut drawn);
    }
    drawn.finish()
}

/// Wires and launches all stages of a graph.
pub(crate) fn launch(stages: Vec<Stage>) -> Result<Launched, Wrong> {
    let mut all = Vec::new();
    let mut left: std::collections::VecDeque<Stage> = stages.into();
    while let Some(mut stage) = left.pop_front() {
        let mut inner = Vec::new();
        if stage.0.splice(&mut inner)? {
            inner.into_iter().rev().for_each(|stage| left.push_front(stage));
        } else {
            all.push(stage);
        }
    }
    rings::find(&mut all)?;
    for stage in &mut all {
        stage.0.wire()?;
    }
    for stage in &all {
        stage.0.check()?;
    }
    let mut launched = Launched::default();
    for stage in all {
        stage.0.launch(&mut launched);
    }
    Ok(launched)
}

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

/// One worker of a stage, wired.
struct Worker<R, T> {
    run: R,
    ends: Ends<T>,
}

const WHOLE: &str = "it has a task (or a graph) of its own, so `->` cannot lead on from it: use `=>`";

/// `producer`: it begins with one, and whether that awaits.
fn checked(parts: &[Part], producer: Option<bool>, is_async: bool) -> Result<(), Wrong> {
    let (begins, producer) = (producer == Some(true), producer.is_some());
    for (at, &Part { ref options, takes_batches, .. }) in parts.iter().enumerate() {
        let role = if producer && at == 0 { options.check_producer() } else { options.check_consumer() };
        role.and_then(|()| options.check()).map_err(|wrong| (options.name.clone(), wrong))?;
        if options.batch.is_some() && !takes_batches {
            let wrong = "it takes single events: `batch` is for a stage with a `Vec` or slice parameter, and `batch(size, every)` on its attribute";
            return Err((options.name.clone(), wrong.into()));
        }
        if options.blocking && at == 0 && begins {
            let wrong = "`blocking` is for functions that block their thread, and this producer awaits: let it be no `async fn`, or call what blocks with `tokio::task::spawn_blocking`";
            return Err((options.name.clone(), wrong.into()));
        }
        if options.blocking && is_async && options.batch.is_none() {
            let wrong = "`blocking` is for synchronous stages, and this task awaits: use `=>` to keep them apart";
            return Err((options.name.clone(), wrong.into()));
        }
    }
    if parts.len() > 1 && parts[0].is_whole {
        return Err((parts[0].options.name.clone(), WHOLE.into()));
    }
    for part in parts.iter().skip(1) {
        let options = &part.options;
        if options.limits != Default::default() {
            let wrong = "`->` has no subscription: `max_demand` and `min_demand` belong to the first stage of the task";
            return Err((options.name.clone(), wrong.into()));
        }
        if options.workers > 1 || options.concurrency > 1 || options.batch.is_some() {
            let wrong =
                "`->` runs it in the task of the stage before: use `=>` for `workers`, `concurrency` and `batch`";
            return Err((options.name.clone(), wrong.into()));
        }
    }
    let stages = &parts[usize::from(producer)..];
    let restarts = |part: &&Part| part.options.restart.is_some();
    if let Some(part) = stages.iter().find(restarts)
        && !stages.iter().all(|part| restarts(&part))
    {
        let wrong = "the stages of one task begin again together: give `restart` to each of them, or use `=>`";
        return Err((part.options.name.clone(), wrong.into()));
    }
    if parts.len() > 1 && parts[0].options.workers > 1 {
        let wrong = "it has workers of its own, so `->` cannot lead on from it: use `=>`";
        return Err((parts[0].options.name.clone(), wrong.into()));
    }
    Ok(())
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
struct Ends<T> {
    out: Out<T>,
    door: Arc<Door<T>>,
    /// For each side its stage, by its place in the run, and its meter.
    sides: SideMeters,
}

type SideMeters = Vec<(usize, Arc<Meter>)>;

/// Wires the outlet and the sides of one worker.
fn ends<In, R: Run<In>>(
    parts: &[Part],
    own: Option<&mut dyn Surroundings>,
    run: &mut R,
    outlets: &SharedOutlets<R::Out>,
    hosts: bool,
    ring: Option<&Arc<Ring>>,
) -> Result<Ends<R::Out>, Wrong> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Err(Default::default()) };
    if !is_consumer::<R::Out>() {
        leads_somewhere(&last.options.name, outlets)?;
    }
    let (mut sides, mut side_meters) = (Vec::<(Arc<str>, Box<dyn Side>)>::new(), Vec::new());
    let mut wrong = None;
    let mut meter = Arc::<Meter>::default();
    let mut parts_left = parts.iter().enumerate();
    let mut visit = |slot: &mut dyn Surroundings| {
        let Some((at, part)) = parts_left.next() else { return };
        meter = slot.meter().clone();
        if let Some(end) = &*lock(&part.errors) {
            match (end.wiring)(slot.spill(), ring) {
                Ok(side) => {
                    side_meters.push((at, side.meter().clone()));
                    sides.push((part.options.name.clone(), side));
                }
                Err(text) => wrong = Some((part.options.name.clone(), text)),
            }
        }
    };
    if let Some(own) = own {
        visit(own);
    }
    run.each(&mut |slot| visit(slot.get().0));
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let edges = if hosts { Edges::ToGuests } else { Edges::ToStages };
    let (outlet, door) =
        wire(outlets, first.options.buffer, edges, ring, meter).map_err(|text| (last.options.name.clone(), text))?;
    let mut out = Out::new(last.options.name.clone(), outlet, sides);
    out.stand_on(ring.cloned());
    Ok(Ends { out, door, sides: side_meters })
}

fn is_consumer<T: 'static>() -> bool {
    std::any::TypeId::of::<T>() == std::any::TypeId::of::<crate::op::NoEvents>()
}

/// The gauges of the stages of a run. Its events leave by the last of them.
fn gauges<T: Event>(
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

fn meters<In, R: Run<In>>(run: &mut R) -> Vec<Arc<Meter>> {
    let mut meters = Vec::new();
    run.each(&mut |slot| meters.push(slot.get().0.meter().clone()));
    meters
}

/// Whether a stage of the task blocks: then all of it runs on a blocking thread.
fn blocks(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.options.blocking)
}

/// Whether a run may share its task with stages that `=>` leads to, or comes from.
fn shares<In, R: Run<In>>(parts: &[Part]) -> bool {
    is_at_once::<In, R>(blocks(parts)) && !parts.iter().any(|part| part.options.own_task)
}

/// Where the stages of a run stand among the others.
fn links<T>(parts: &[Part], intake: Option<usize>, outlets: &SharedOutlets<T>) -> Links {
    let mut feeds = leads_to(outlets);
    for part in parts {
        feeds.extend(lock(&part.errors).iter().flat_map(|end| (end.leads)().intakes()));
    }
    let name = care(parts).name().clone();
    let batch = parts.first().and_then(|part| Some(part.options.batch?.0));
    let discards = lock(outlets).discard;
    Links { name, intake, feeds, batch, discards, ..Links::default() }
}

fn care(parts: &[Part]) -> Care {
    Care::new(parts.iter().map(|part| &part.options))
}

// ------------------------------------------------------------------------------------------------ with a subscription

struct StagePlace<In, R: Run<In>> {
    run: Option<R>,
    parts: Vec<Part>,
    intake: Arc<Intake<In>>,
    outlets: SharedOutlets<R::Out>,
    workers: Vec<Worker<R, R::Out>>,
}

pub(crate) fn place_stage<In: Event, R: Run<In, Out = E> + 'static, S: 'static, E: Event, F: 'static>(
    open: Open<Subscribes<In>, R, S, E, F>,
) -> Stage {
    Stage::of(StagePlace {
        run: Some(open.run),
        parts: open.parts,
        intake: open.head.0,
        outlets: open.port.outlets,
        workers: Vec::new(),
    })
}

impl<In: Event, R: Run<In>> StagePlace<In, R> {
    /// Whether it may share its task with the stages before it and behind it.
    fn shares(&self) -> bool {
        self.parts[0].options.workers == 1 && shares::<In, R>(&self.parts)
    }

    /// What a worker asks of its producers.
    fn subscriptions(&self, at: usize) -> Vec<Upstream<In>> {
        let mut ups = self.intake.subscriptions(at);
        let options = &self.parts[0].options;
        for up in &mut ups {
            if let Some((size, _)) = options.batch {
                if up.free {
                    (up.max, up.min) = (up.max.max(2 * size), up.min.max(size));
                }
            } else if options.concurrency > 1 && up.free {
                // So many are under way; half as many again are there when some are done.
                (up.max, up.min) = (options.concurrency + options.concurrency.div_ceil(2), options.concurrency);
            }
            let fixed = options.batch.is_some() || options.concurrency > 1;
            up.tuned &= !fixed;
            if options.batch.is_none() {
                let limits = fuzz::limits(up.max, up.min);
                up.tuned &= limits == (up.max, up.min);
                (up.max, up.min) = limits;
            }
        }
        ups
    }
}

impl<In: Event, R: Run<In> + 'static> Place for StagePlace<In, R> {
    fn sketch(&self) -> Option<Sketch> {
        let emits = !is_consumer::<R::Out>();
        let mut sketch = Sketch::new(&self.parts, Some(self.intake.id()), emits, leads(&self.outlets));
        sketch.wrong = checked(&self.parts, None, R::ASYNC).err();
        Some(sketch)
    }

    fn splice(&mut self, stages: &mut Vec<Stage>) -> Result<bool, Wrong> {
        let own = self.run.as_mut().and_then(Run::own);
        if own.is_none() && self.parts[0].is_whole {
            let wrong = "`retry` and `timeout` are for functions: a stage of callbacks (or a segment) decides inside";
            return Err((self.parts[0].options.name.clone(), wrong.into()));
        }
        let Some(own) = Own::<In, R::Out>::of(own) else { return Ok(false) };
        let options = self.parts[0].options.clone();
        options.check_consumer().and_then(|()| options.check()).map_err(|wrong| (options.name.clone(), wrong))?;
        own.place(Site { options, intake: Some(self.intake.clone()), outlets: self.outlets.clone() }, stages)?;
        Ok(true)
    }

    fn links(&self) -> Links {
        links(&self.parts, Some(self.intake.id()), &self.outlets)
    }

    fn stand_on(&mut self, ring: &Arc<Ring>) {
        let _ = self.intake.ring.set(ring.clone());
    }

    fn wire(&mut self) -> Result<(), Wrong> {
        checked(&self.parts, None, R::ASYNC)?;
        let options = &self.parts[0].options;
        if let Some((size, _)) = options.batch {
            let (max, _) = options.limits.resolve().map_err(|wrong| (options.name.clone(), wrong))?;
            if max < size && !options.limits.is_default() {
                let wrong =
                    format!("a batch of {size} can never fill: `max_demand` is {max}, let it be {size} or more");
                return Err((options.name.clone(), wrong));
            }
        }
        let Some(mut run) = self.run.take() else { return Ok(()) };
        let mut runs = Vec::new();
        for _ in 1..options.workers {
            runs.extend(run.another());
        }
        runs.insert(0, run);
        for mut run in runs {
            let hosts = self.shares();
            let ends = ends(&self.parts, None, &mut run, &self.outlets, hosts, self.intake.ring.get())?;
            self.workers.push(Worker { run, ends });
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Wrong> {
        let options = &self.parts[0].options;
        let Some((size, _)) = options.batch else { return Ok(()) };
        for (_, ups) in &self.intake.workers {
            let ups = lock(ups);
            let most = ups.iter().map(|up| if up.free { usize::MAX } else { up.max }).fold(0, usize::saturating_add);
            if most < size && !ups.is_empty() {
                let wrong = format!(
                    "a batch of {size} can never fill: the edges into it bring {most} events at once, let it be {size} or more"
                );
                return Err((options.name.clone(), wrong));
            }
        }
        Ok(())
    }

    fn draw(&self, to: &mut Drawn) {
        to.run(Some(address(&self.intake)), self.parts.iter().map(Part::seen), legs(&self.outlets));
    }

    fn launch(mut self: Box<Self>, to: &mut Launched) {
        let (mut instances, mut doors, mut all_sides) = (Vec::new(), Vec::new(), Vec::new());
        let shares = self.shares();
        for (at, Worker { mut run, ends: Ends { out, door, sides } }) in
            std::mem::take(&mut self.workers).into_iter().enumerate()
        {
            let meters = meters(&mut run);
            let own = meters.first().cloned().unwrap_or_default();
            let ups = self.subscriptions(at);
            let tunes = ups.iter().any(|up| up.tuned);
            let is_guest = shares && ups.len() == 1 && self.intake.home.is_awaited();
            let outside = (0..).zip(&ups).filter(|(_, up)| !up.inside).map(|(number, _)| number).collect();
            let mut inlet = Inlet::new(self.intake.workers[at].0.clone(), ups, own);
            let ring = self.intake.ring.get();
            if let Some(ring) = ring {
                inlet.stand_on(ring.clone(), outside);
            }
            instances.push(meters);
            doors.push(door);
            all_sides.extend(sides);
            let care = care(&self.parts);
            let name = care.name().clone();
            let halves = Halves::new(inlet, out, tunes, self.parts[0].options.workers == 1);
            let (options, blocking) = (&self.parts[0].options, blocks(&self.parts));
            // `is_at_once`, spelt so that a run that never is compiles no task for it.
            let task: Task = if R::ASYNC || R::PAUSES || R::BATCHES || blocking {
                let mut task = StageTask::new(halves, body(run, options, blocking, care));
                task.stand_on(ring.cloned());
                Box::pin(task)
            } else if is_guest {
                self.intake.home.expect(Box::new(SyncTask::new(halves, SyncBody::new(run, care))));
                Box::pin(GuestTask::new(self.intake.home.clone()))
            } else {
                Box::pin(SyncTask::new(halves, SyncBody::new(run, care)))
            };
            to.tasks.push((name, task));
        }
        to.gauges.extend(gauges(&self.parts, instances, doors, all_sides));
    }
}

// ------------------------------------------------------------------------------------------------------ with neither

/// A stage that no edge leads into: the graph cannot run.
struct Lost(Options, Leads);

/// The stage of this name that no edge leads into, and what leads on from it.
pub(crate) fn lost(name: &str, leads: Leads) -> Stage {
    Stage::of(Lost(Options::new(name), leads))
}

impl Place for Lost {
    fn sketch(&self) -> Option<Sketch> {
        let Lost(options, leads) = self;
        let parts = vec![options.clone()];
        Some(Sketch {
            intake: Some(0),
            parts,
            errors: Vec::new(),
            emits: true,
            leads: leads.clone(),
            wrong: None,
            back: false,
        })
    }
    fn wire(&mut self) -> Result<(), Wrong> {
        Err((self.0.name.clone(), "no edge leads into it: `join` comes before `place`".into()))
    }
    fn launch(self: Box<Self>, _: &mut Launched) {}
}

// ---------------------------------------------------------------------------------------------------- with a producer

struct SourcePlace<P: Producer, R: Run<P::Out>> {
    open: Option<(Begins<P>, R)>,
    parts: Vec<Part>,
    outlets: SharedOutlets<R::Out>,
    ends: Option<Ends<R::Out>>,
}

pub(crate) fn place_source<P: Producer, R: Run<P::Out, Out = E> + 'static, S: 'static, E: Event, F: 'static>(
    open: Open<Begins<P>, R, S, E, F>,
) -> Stage {
    let place =
        SourcePlace { open: Some((open.head, open.run)), parts: open.parts, outlets: open.port.outlets, ends: None };
    Stage::of(place)
}

impl<P: Producer, R: Run<P::Out> + 'static> Place for SourcePlace<P, R> {
    fn sketch(&self) -> Option<Sketch> {
        let mut sketch = Sketch::new(&self.parts, None, !is_consumer::<R::Out>(), leads(&self.outlets));
        sketch.wrong = checked(&self.parts, Some(P::ASYNC), R::ASYNC).err();
        Some(sketch)
    }

    fn splice(&mut self, stages: &mut Vec<Stage>) -> Result<bool, Wrong> {
        let own = self.open.as_mut().and_then(|(head, _)| head.0.stage.own());
        if own.is_some() && self.parts.len() > 1 {
            return Err((self.parts[0].options.name.clone(), WHOLE.into()));
        }
        let Some(own) = Own::<NoEvents, R::Out>::of(own) else { return Ok(false) };
        let options = self.parts[0].options.clone();
        options.check_producer().and_then(|()| options.check()).map_err(|wrong| (options.name.clone(), wrong))?;
        own.place(Site { options, intake: None, outlets: self.outlets.clone() }, stages)?;
        Ok(true)
    }

    fn links(&self) -> Links {
        let acknowledges = self.open.as_ref().is_some_and(|(head, _)| head.0.stage.acknowledges());
        Links { acknowledges, ..links(&self.parts, None, &self.outlets) }
    }

    fn wire(&mut self) -> Result<(), Wrong> {
        checked(&self.parts, Some(P::ASYNC), R::ASYNC)?;
        let Some((head, run)) = &mut self.open else { return Ok(()) };
        let hosts = !P::ASYNC && shares::<_, R>(&self.parts);
        self.ends = Some(ends(&self.parts, Some(&mut head.1), run, &self.outlets, hosts, None)?);
        Ok(())
    }

    fn draw(&self, to: &mut Drawn) {
        to.run(None, self.parts.iter().map(Part::seen), legs(&self.outlets));
    }

    fn launch(self: Box<Self>, to: &mut Launched) {
        let (Some((head, mut run)), Some(Ends { out, door, sides })) = (self.open, self.ends) else { return };
        let care = care(&self.parts);
        let name = care.name().clone();
        let own = head.1.meter.clone();
        let instance = std::iter::once(own).chain(meters(&mut run)).collect();
        let opening = Opening {
            run,
            care,
            rim: Rim::new(head.1),
            options: head.0.options,
            blocking: blocks(&self.parts),
            run_blocks: blocks(&self.parts[1..]),
        };
        let body = head.0.stage.open(opening);
        to.tasks.push((name, Box::pin(SourceTask::new(body, out))));
        to.gauges.extend(gauges(&self.parts, vec![instance], vec![door.clone()], sides));
        to.sources.push(door);
    }
}
