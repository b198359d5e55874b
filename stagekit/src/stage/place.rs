//! From a closed run to tasks: first every stage is wired to those below it, then all of them are launched.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::fuzz;
use crate::host::Ending;
use crate::lock::lock;
use crate::op::{Event, NoEvents};
use crate::open::{Begins, Open, Part, Subscribes};
use crate::port::{Intake, SharedOutlets, Upstream, leads, leads_to};
use crate::producer::Producer;
use crate::ring::Ring;
use crate::run::Run;
use crate::slot::Surroundings;
use crate::stage::care::Care;
use crate::stage::halves::Halves;
use crate::stage::inlet::Inlet;
use crate::stage::opening::{Opening, is_at_once};
use crate::stage::own::{Own, Site};
use crate::stage::reading::of_parts;
use crate::stage::rings::{self, Links};
use crate::stage::rules::{WHOLE, checked};
use crate::stage::source_body::Rim;
use crate::stage::task::SourceTask;
use crate::stage::wiring::{Ends, ends, gauges, is_consumer};
use crate::stage::works::{Ran, Seat, Works};
use crate::subscription::Drains;
use crate::telemetry::Gauge;
use crate::topology::{Drawing, Reading};

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
        if let Some(&to) = run.checked_sub(drawing.spots.len()).and_then(|back| drawing.backs.get(back)) {
            self.0.leads_back_to(to);
        }
    }

    pub(super) fn read(&self) -> Option<Reading> {
        Some(Reading { drawing: self.1, ..self.0.read()? })
    }

    pub(super) fn links(&self) -> Links {
        self.0.links()
    }

    pub(super) fn stand_on(&mut self, ring: &Arc<Ring>) {
        self.0.stand_on(ring);
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stage")
    }
}

pub(crate) trait Place: Send {
    /// What is wired of it, before anything runs. What only comes up when the graph starts cannot be read.
    fn read(&self) -> Option<Reading> {
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
    /// What the text of the graph calls the stage that it leads back to.
    fn leads_back_to(&mut self, written: &'static str) {
        let _ = written;
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
    fn launch(self: Box<Self>, to: &mut Launched);
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

/// Whether a stage of the task blocks: then all of it runs on a blocking thread.
fn blocks(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.options.blocking)
}

/// Whether a stage of the task is to have it alone.
fn stays_alone(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.options.own_task)
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

struct StagePlace<In, Out> {
    /// One for each worker, from `wire` on.
    runs: Vec<Box<dyn Works<In, Out>>>,
    parts: Vec<Part>,
    intake: Arc<Intake<In>>,
    outlets: SharedOutlets<Out>,
    /// One for each worker.
    ends: Vec<Ends<Out>>,
}

pub(crate) fn place_stage<In: Event, R: Run<In, Out = E> + 'static, S: 'static, E: Event, F: 'static>(
    open: Open<Subscribes<In>, R, S, E, F>,
) -> Stage {
    Stage::of(StagePlace {
        runs: vec![Ran::boxed(open.run)],
        parts: open.parts,
        intake: open.head.0,
        outlets: open.port.outlets,
        ends: Vec::new(),
    })
}

impl<In: Event, Out: Event> StagePlace<In, Out> {
    /// Whether it may share its task with the stages before it and behind it.
    fn shares(&self) -> bool {
        let blocks = blocks(&self.parts);
        let at_once = self.runs.iter().all(|run| run.is_at_once(blocks));
        self.parts[0].options.workers == 1 && at_once && !stays_alone(&self.parts)
    }

    fn is_async(&self) -> bool {
        self.runs.iter().any(|run| run.is_async())
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

impl<In: Event, Out: Event> Place for StagePlace<In, Out> {
    fn read(&self) -> Option<Reading> {
        let wrong = checked(&self.parts, None, self.is_async()).err();
        let emits = !is_consumer::<Out>();
        Some(of_parts(&self.parts, Some(self.intake.id()), emits, leads(&self.outlets), wrong))
    }

    fn splice(&mut self, stages: &mut Vec<Stage>) -> Result<bool, Wrong> {
        let own = self.runs.first_mut().and_then(|run| run.own());
        if own.is_none() && self.parts[0].is_whole {
            let wrong = "`retry` and `timeout` are for functions: a stage of callbacks (or a segment) decides inside";
            return Err((self.parts[0].options.name.clone(), wrong.into()));
        }
        let Some(own) = Own::<In, Out>::of(own) else { return Ok(false) };
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
        checked(&self.parts, None, self.is_async())?;
        let options = &self.parts[0].options;
        if let Some((size, _)) = options.batch {
            let (max, _) = options.limits.resolve().map_err(|wrong| (options.name.clone(), wrong))?;
            if max < size && !options.limits.is_default() {
                let wrong =
                    format!("a batch of {size} can never fill: `max_demand` is {max}, let it be {size} or more");
                return Err((options.name.clone(), wrong));
            }
        }
        for _ in 1..options.workers {
            let another = self.runs[0].another();
            self.runs.extend(another);
        }
        let hosts = self.shares();
        for run in &mut self.runs {
            let each = &mut |visit: &mut dyn FnMut(&mut dyn Surroundings)| run.each(visit);
            self.ends.push(ends(&self.parts, each, &self.outlets, hosts, self.intake.ring.get())?);
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

    fn launch(mut self: Box<Self>, to: &mut Launched) {
        let (mut instances, mut doors, mut all_sides) = (Vec::new(), Vec::new(), Vec::new());
        let (shares, blocking) = (self.shares(), blocks(&self.parts));
        let options = &self.parts[0].options;
        let (runs, ends) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.ends));
        for (at, (run, Ends { out, door, sides, meters })) in runs.into_iter().zip(ends).enumerate() {
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
            let halves = Halves::new(inlet, out, tunes, options.workers == 1);
            let home = is_guest.then(|| self.intake.home.clone());
            let seat = Seat { options, blocking, care, ring: ring.cloned(), home };
            to.tasks.push((name, run.task(halves, seat)));
        }
        to.gauges.extend(gauges(&self.parts, instances, doors, all_sides));
    }
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
    fn read(&self) -> Option<Reading> {
        let wrong = checked(&self.parts, Some(P::ASYNC), R::ASYNC).err();
        Some(of_parts(&self.parts, None, !is_consumer::<R::Out>(), leads(&self.outlets), wrong))
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
        let hosts = !P::ASYNC && is_at_once::<_, R>(blocks(&self.parts)) && !stays_alone(&self.parts);
        let each = &mut |visit: &mut dyn FnMut(&mut dyn Surroundings)| {
            visit(&mut head.1);
            run.each(&mut |slot| visit(slot.get().0));
        };
        self.ends = Some(ends(&self.parts, each, &self.outlets, hosts, None)?);
        Ok(())
    }

    fn launch(self: Box<Self>, to: &mut Launched) {
        let (Some((head, run)), Some(Ends { out, door, sides, meters })) = (self.open, self.ends) else { return };
        let care = care(&self.parts);
        let name = care.name().clone();
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
        to.gauges.extend(gauges(&self.parts, vec![meters], vec![door.clone()], sides));
        to.sources.push(door);
    }
}
