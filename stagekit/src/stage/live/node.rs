//! A live stage as a node of a pipeline: `{ Counter(0) } => ..`.

use std::any::Any;
use std::sync::Arc;

use super::{LiveTask, Setup};
use crate::callbacks::Callbacks;
use crate::node::Node;
use crate::op::{AcceptedAs, ByValue, CannotFail, NoEvents, Parts, Takes, Whole};
use crate::port::leads_to;
use crate::producer::{Opens, Producer};
use crate::stage::inlet::Inlet;
use crate::stage::outlet::Outlet;
use crate::stage::own::{Own, Places, Site};
use crate::stage::place::{Launched, Place, Stage, Wrong};
use crate::stage::rings::Links;
use crate::stage::wiring::{Edges, leads_somewhere, wire};
use crate::subscription::{Door, Down, Drains, Inbox};
use crate::telemetry::Gauge;

/// A stage of callbacks in a pipeline. It ends with the last of its producers, or when it says so.
pub struct LiveStage<S>(Option<Standing<S>>);

/// The node of a stage of callbacks.
pub fn live_node<S: Callbacks>(stage: S) -> Node<LiveStage<S>> {
    Node::new(LiveStage(Some(Standing(stage, None))), S::name())
}

impl<S: Callbacks> LiveStage<S> {
    /// The pipeline does not start, for this reason.
    pub(crate) fn refuse(&mut self, wrong: &'static str) {
        if let Some(standing) = &mut self.0 {
            standing.1 = Some(wrong);
        }
    }

    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        Some(Own::<S::In, S::Out>::boxed(self.0.take()?))
    }
}

impl<E, Up, S: Callbacks> Takes<E, Up> for LiveStage<S>
where
    S::In: AcceptedAs<E, Up, S>,
{
    type In = S::In;
    type Out = S::Out;
    type Fail = CannotFail;
    type By = ByValue;
    type Style = Whole;
    type Fits = <S::In as AcceptedAs<E, Up, S>>::Fits;
    const ASYNC: bool = false;
    const ONE: bool = false;
    const PAUSES: bool = false;
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        LiveStage::own(self)
    }
}

impl<S: Callbacks<In = NoEvents>> Producer for LiveStage<S> {
    type Out = S::Out;
    type Fail = CannotFail;
    fn open<O: Opens<S::Out, CannotFail>>(self, with: O) -> O::Opened {
        // It is placed in its own way; `->` behind it is refused before.
        with.iterator(std::iter::empty())
    }
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        LiveStage::own(self)
    }
}

impl<S: Callbacks<Out = NoEvents>> crate::op::Consumer for LiveStage<S> {}

impl<S: Callbacks> Parts for LiveStage<S> {
    type State = ();
    type Config = Self;
    type Kept = ();
    fn split(self) -> ((), Self) {
        ((), self)
    }
    fn join(_: (), config: Self) -> Self {
        config
    }
    fn kept(self) {}
    fn gone() -> Option<()> {
        Some(())
    }
}

/// The stage, and what is wrong with it as a node, if something is.
struct Standing<S>(S, Option<&'static str>);

impl<S: Callbacks> Places<S::In, S::Out> for Standing<S> {
    fn place(self: Box<Self>, site: Site<S::In, S::Out>, to: &mut Vec<Stage>) -> Result<(), Wrong> {
        let own = |text: &str| Err((site.options.name.clone(), text.to_owned()));
        let options = &site.options;
        if let Some(wrong) = self.1 {
            return own(wrong);
        }
        if options.batch.is_some() {
            return own("`batch` is for a stage with a `Vec` or slice parameter: its `on_events` takes what has come");
        }
        if options.blocking || options.on_panic.is_some() || options.on_error != Default::default() {
            return own(
                "`blocking`, `on_error` and `on_panic` are for functions: a stage of callbacks decides in them",
            );
        }
        let shared = site.intake.as_ref().map_or_else(Inbox::new, |intake| intake.workers[0].0.clone());
        shared.meter.call_it(site.options.name.clone());
        to.push(Stage::of(LivePlace { stage: self.0, site, outlet: None, shared }));
        Ok(())
    }
}

/// An outlet, and its door.
type Wired<T> = (Outlet<T>, Arc<Door<T>>);

/// A live stage, placed.
struct LivePlace<S: Callbacks> {
    stage: S,
    site: Site<S::In, S::Out>,
    outlet: Option<Wired<S::Out>>,
    /// What it counts in.
    shared: Arc<Inbox<Down<S::In>>>,
}

impl<S: Callbacks> Place for LivePlace<S> {
    fn links(&self) -> Links {
        Links {
            name: self.site.options.name.clone(),
            intake: self.site.intake.as_ref().map(|intake| intake.id()),
            feeds: leads_to(&self.site.outlets),
            is_live: true,
            ..Links::default()
        }
    }

    fn wire(&mut self) -> Result<(), Wrong> {
        let name = &self.site.options.name;
        if std::any::TypeId::of::<S::Out>() != std::any::TypeId::of::<NoEvents>() {
            leads_somewhere(name, &self.site.outlets)?;
            let wired = wire(&self.site.outlets, self.site.options.buffer, Edges::ToStages, None, self.shared.clone());
            let (mut outlet, door) = wired.map_err(|text| (name.clone(), text))?;
            outlet.enliven(false);
            self.outlet = Some((outlet, door));
        }
        Ok(())
    }

    fn launch(self: Box<Self>, to: &mut Launched) {
        let LivePlace { stage, site, outlet, shared } = *self;
        let name = site.options.name.clone();
        let inlet = site.intake.map(|intake| Inlet::live(shared.clone(), intake.subscriptions(0), Vec::new()));
        let is_producer = inlet.is_none();
        let mut gauge = Gauge::new(name.clone(), vec![shared.clone()]);
        gauge.emits = std::any::type_name::<S::Out>();
        let outlet = outlet.map(|(outlet, door)| {
            gauge.doors.push(door.clone());
            if is_producer {
                to.sources.push(door as Arc<dyn Drains>);
            }
            Box::new(outlet)
        });
        let setup = Setup { stage, shared, inlet, outlet, in_pipeline: true };
        to.tasks.push((name.clone(), Box::pin(LiveTask::new(setup))));
        to.gauges.push(gauge);
    }
}
