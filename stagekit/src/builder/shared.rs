//! Stages bound with `let`: one instance for several edges, whose state is given back.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Mutex};

use super::edge::placed;
use super::list::{Fitting, Leg, Shares};
use crate::lock::lock;
use crate::node::{Node, Several, Single};
use crate::op::{AcceptedAs, Consumer, Event, Fault, Parts, Settles, Takes};
use crate::open::{Open, Subscribes};
use crate::options::Edge;
use crate::port::{Intake, Port, leads, same};
use crate::run::First;
use crate::stage::{Stage, lost, place_stage};
use crate::topology;

/// A stage bound with `let`: one shared instance for several edges.
pub struct Shared<S, In, O, F, B, W, L> {
    node: Mutex<Option<Node<S, W, L>>>,
    pub(super) intake: Mutex<Option<Arc<Intake<In>>>>,
    stage: Mutex<Option<Stage>>,
    kept: Arc<Mutex<Vec<S>>>,
    port: Port<S, O, F>,
    place: &'static Location<'static>,
    by: PhantomData<fn() -> B>,
}

/// `let s = node`.
#[track_caller]
pub fn shared<S, In, O, F, B, W, L>(node: Node<S, W, L>) -> Shared<S, In, O, F, B, W, L> {
    Shared {
        node: Mutex::new(Some(node)),
        intake: Mutex::default(),
        stage: Mutex::default(),
        kept: Arc::default(),
        port: Port::new(),
        place: Location::caller(),
        by: PhantomData,
    }
}

/// The first edge into a shared stage: it fixes the event type.
pub fn join<Up: 'static, E: Event, F, S, I, In, O, Fl, B, K, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    S: Takes<E, Up, In = I, Out = O, Fail = Fl, By = B, Fits = K>,
    K: Fitting<I, Is = In>,
    In: 'static,
    O: Event,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    port.connect(joined::<Up, E, S, In, O, Fl, B, W, L>(shared), edge, None);
}

/// The first edge into a shared stage, from a stage that broadcasts.
pub fn share_join<Up: 'static, E: Event, F, S, I, In, O, Fl, B, K, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    S: Takes<E, Up, In = I, Out = O, Fail = Fl, By = B, Fits = K> + Leg<E, Up, B>,
    K: Fitting<I, Is = In>,
    In: 'static,
    O: Event,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    port.connect(joined::<Up, E, S, In, O, Fl, B, W, L>(shared), edge, Some(S::copier()));
}

/// Any other edge into a shared stage.
pub fn join_also<Up, E: Event, F, S, In, O, Fl, B, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    In: AcceptedAs<E, Up, S> + 'static,
{
    if let Some(intake) = &*lock(&shared.intake) {
        port.connect(same(intake.clone()), edge, None);
    }
}

/// Any other edge into a shared stage, from a stage that broadcasts.
pub fn share_join_also<Up, E: Event, F, S, In, O, Fl, B, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    In: AcceptedAs<E, Up, S> + 'static,
    B: Shares<E, Up, S>,
{
    if let Some(intake) = &*lock(&shared.intake) {
        port.connect(same(intake.clone()), edge, Some(B::copier()));
    }
}

/// The end that a shared stage's events leave by.
pub fn out_of<S, In, O, F, B, W, L>(shared: &Shared<S, In, O, F, B, W, L>) -> Port<S, O, F> {
    shared.port.clone()
}

/// No edge leads out of a shared stage: it must be one that ends a path.
pub fn ends<S: Consumer, In, O, F, B, W, L>(_: &Shared<S, In, O, F, B, W, L>) {}

/// The shared stage, when all its edges are there. One that no edge leads into is a mistake, which [`build`] tells.
///
/// [`build`]: super::build
pub fn place<S, In, O, F, B, W, L>(shared: &Shared<S, In, O, F, B, W, L>) -> Stage {
    match lock(&shared.stage).take() {
        Some(stage) => stage,
        None => lost(lock(&shared.node).as_ref().map_or("", |node| &*node.options.name), leads(&shared.port.outlets)),
    }
}

/// What a shared stage keeps, to be taken when the pipeline has finished.
pub fn kept<S: Parts, In, O, F, B, W: Collects<S>, L>(shared: &Shared<S, In, O, F, B, W, L>) -> Claim<S, W> {
    Claim(shared.kept.clone(), PhantomData)
}

/// The right to a shared stage's state; see [`kept`].
pub struct Claim<S, W>(Arc<Mutex<Vec<S>>>, PhantomData<fn() -> W>);

impl<S: Parts, W: Collects<S>> Claim<S, W> {
    /// The state. The pipeline has finished.
    pub fn take(self) -> W::State {
        W::collect(std::mem::take(&mut lock(&self.0)))
    }
}

/// One state, or one for each worker.
pub trait Collects<S: Parts> {
    /// What a finished pipeline gives back.
    type State;
    #[doc(hidden)]
    fn collect(stages: Vec<S>) -> Self::State;
}
impl<S: Parts> Collects<S> for Single {
    type State = S::Kept;
    fn collect(mut stages: Vec<S>) -> S::Kept {
        match stages.pop().map(S::kept).or_else(S::gone) {
            Some(kept) => kept,
            None => unreachable!("a pipeline that finished has handed back every stage"),
        }
    }
}
impl<S: Parts> Collects<S> for Several {
    type State = Vec<S::Kept>;
    fn collect(stages: Vec<S>) -> Vec<S::Kept> {
        stages.into_iter().map(S::kept).collect()
    }
}

fn joined<Up: 'static, E: Event, S, In: 'static, O: Event, Fl: Fault, B, W, L>(
    shared: &Shared<S, In, O, Fl, B, W, L>,
) -> Arc<Intake<E>>
where
    S: Takes<E, Up, Out = O, Fail = Fl>,
    L: Settles<S, Fl>,
{
    if let Some(node) = lock(&shared.node).take() {
        let (mut placed, mut part) = placed::<S, W, L, E, O, Fl, <S as Takes<E, Up>>::Style>(node, &shared.port.errors);
        part.looks.place =
            topology::Place { file: shared.place.file(), line: shared.place.line(), column: shared.place.column() };
        let kept = shared.kept.clone();
        placed.keeper = Some(Arc::new(move |stage| lock(&kept).push(stage)));
        let intake = Intake::<E>::new(&part.options);
        let open = Open {
            head: Subscribes(intake.clone()),
            run: First::<S, Up, E, Fl>(placed, PhantomData),
            parts: vec![part],
            port: shared.port.clone(),
            fits: PhantomData::<fn() -> ()>,
        };
        *lock(&shared.stage) = Some(place_stage(open));
        *lock(&shared.intake) = Some(same(intake));
    }
    match &*lock(&shared.intake) {
        Some(intake) => same(intake.clone()),
        None => unreachable!("the first edge makes the intake"),
    }
}
