//! Edges from one stage to one other: `=>`, `->`, `else`, `_`.

use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::sync::Arc;

use crate::batch::Copier;
use crate::lock::lock;
use crate::node::{Node, Single};
use crate::op::{And, CannotFail, Consumer, Else, Event, Failed, Fault, Known, PerEvent, Settles, Style, Takes, Whole};
use crate::open::{Begins, Begun, Looks, Open, Part, Subscribes};
use crate::options::Edge;
use crate::port::{ErrorOutlets, Intake, Port};
use crate::producer::Producer;
use crate::run::{First, Id, Placed, Run, Then};
use crate::slot::Slot;
use crate::stage::{Stage, error_end, place_source, place_stage};
use crate::telemetry::Meter;
use crate::topology::Type;

/// A node that may begin a path: one instance.
#[diagnostic::on_unimplemented(
    message = "`workers` belongs to a stage that takes events: `{Stage}` begins the path, and each worker would give all its events",
    label = "begins the path, and has workers"
)]
pub trait BeginsOnce<Stage> {}
impl<S> BeginsOnce<S> for Single {}

/// A path begins.
#[track_caller]
pub fn start<S, L, O, Fl, X, K, W>(node: Node<S, W, L>) -> Open<Begun<S, X>, Id, S, O, Fl, K>
where
    W: BeginsOnce<S>,
    S: Producer<Out = O, Fail = Fl>,
    Fl: Fault<Error = X> + Known<Is = K>,
    X: Send + 'static,
    L: Settles<S, Fl>,
{
    let slot = Slot::new(&node.options, L::tell(), Arc::new(Meter::default()));
    let port = Port::new();
    let parts = vec![Part {
        options: node.options.clone(),
        errors: port.errors.clone(),
        takes_batches: false,
        is_whole: false,
        looks: Looks::of::<O, Fl>(None, None),
    }];
    Open { head: Begun(node.retyped(), slot), run: Id, parts, port, fits: PhantomData }
}

/// The end of an edge `=>`.
pub type Linked<Up, S, E, O, Fl, K> = Open<Subscribes<E>, First<S, Up, E, Fl>, S, O, Fl, K>;

#[track_caller]
pub(crate) fn placed<S, W, L, E, O, Fl: Fault, St: Style>(
    node: Node<S, W, L>,
    errors: &ErrorOutlets,
) -> (Placed<S, Fl>, Part)
where
    L: Settles<S, Fl>,
{
    let slot = Slot::new(&node.options, L::tell(), Arc::new(Meter::default()));
    let part = Part {
        options: node.options,
        errors: errors.clone(),
        takes_batches: St::BATCHES,
        is_whole: TypeId::of::<St>() == TypeId::of::<Whole>(),
        looks: Looks::of::<O, Fl>(Some(Type(type_name::<E>)), node.inner),
    };
    let Node { stage, factory, again, .. } = node;
    (Placed { stage, slot, factory, keeper: None, again, failures: Vec::new() }, part)
}

#[track_caller]
pub(super) fn linked<Up, E, F, S, W, L, O, Fl, K>(
    up: &Port<Up, E, F>,
    node: Node<S, W, L>,
    copier: Option<Copier<E>>,
) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Fits = K>,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    let port = Port::new();
    let (placed, part) = placed::<_, _, _, E, O, _, S::Style>(node, &port.errors);
    let intake = Intake::new(&part.options);
    up.connect(intake.clone(), Edge::new(), copier);
    Open { head: Subscribes(intake), run: First(placed, PhantomData), parts: vec![part], port, fits: PhantomData }
}

/// `=>`: a subscription.
#[track_caller]
pub fn link<Up, E, F, S, W, L, O, Fl, K>(up: &Port<Up, E, F>, node: Node<S, W, L>) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Fits = K>,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, None)
}

/// `=>` to the last stage of a path.
#[track_caller]
pub fn link_last<Up, E, F, S, W, L, O, Fl, K>(up: &Port<Up, E, F>, node: Node<S, W, L>) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Fits = K> + Consumer,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, None)
}

/// Stages that may be fused.
#[diagnostic::on_unimplemented(
    message = "`{Stage}` starts its own task, so `->` cannot lead into it",
    label = "takes whole batches, or is a graph of its own",
    note = "use `=>`"
)]
pub trait Fuses<Stage> {}
impl<Stage> Fuses<Stage> for PerEvent {}

/// [`Fuses`], said of the stage, which is where the error belongs.
pub trait Fusible<Style> {}
impl<S, Style: Fuses<S>> Fusible<Style> for S {}

/// A node that `->` may lead to: one instance.
#[diagnostic::on_unimplemented(
    message = "`->` runs both stages in one task, so `{Stage}` cannot have its own workers; use `=>`",
    label = "has workers"
)]
pub trait FusesOnce<Stage> {}
impl<S> FusesOnce<S> for Single {}

/// A run with one stage more.
pub type Fused<H, R, Up, S, E, O, Fl, K> = Open<H, Then<R, S, Up, E, Fl>, S, O, Fl, K>;

/// `->`: the same task goes on.
#[track_caller]
pub fn fuse<H, R, Up, E, F, K0, S, L, O, Fl, St, W, K, N>(
    up: Open<H, R, Up, E, F, K0>,
    node: Node<S, N, L>,
) -> Fused<H, R, Up, S, E, O, Fl, K>
where
    N: FusesOnce<S>,
    S: Takes<E, Up, Out = O, Fail = Fl, Style = St, Fits = W> + Fusible<St>,
    Fl: Fault,
    L: Settles<S, Fl>,
    K0: And<W, Out = K>,
{
    let port = Port::new();
    let (placed, part) = placed::<_, _, _, E, O, _, PerEvent>(node, &port.errors);
    let mut parts = up.parts;
    parts.push(part);
    let run = Then { run: up.run, placed, mid: Default::default(), up: PhantomData };
    Open { head: up.head, run, parts, port, fits: PhantomData }
}

/// `->` to the last stage of a path.
#[track_caller]
pub fn fuse_last<H, R, Up, E, F, K0, S, L, O, Fl, St, W, K, N>(
    up: Open<H, R, Up, E, F, K0>,
    node: Node<S, N, L>,
) -> Fused<H, R, Up, S, E, O, Fl, K>
where
    N: FusesOnce<S>,
    S: Takes<E, Up, Out = O, Fail = Fl, Style = St, Fits = W> + Fusible<St> + Consumer,
    Fl: Fault,
    L: Settles<S, Fl>,
    K0: And<W, Out = K>,
{
    fuse(up, node)
}

/// The run is complete.
pub fn close<H, R, S, E, F, K>(open: Open<H, R, S, E, F, K>) -> Stage
where
    K: Close<H, R, S, E, F>,
{
    K::close(open)
}

/// A run in which everything fits can be closed.
pub trait Close<H, R, S, E, F>: Sized {
    #[doc(hidden)]
    fn close(open: Open<H, R, S, E, F, Self>) -> Stage;
}
impl<P: Producer, R: Run<P::Out, Out = E> + 'static, S: 'static, E: Event, F: 'static> Close<Begins<P>, R, S, E, F>
    for ()
{
    fn close(open: Open<Begins<P>, R, S, E, F>) -> Stage {
        place_source(open)
    }
}
impl<In: Event, R: Run<In, Out = E> + 'static, S: 'static, E: Event, F: 'static> Close<Subscribes<In>, R, S, E, F>
    for ()
{
    fn close(open: Open<Subscribes<In>, R, S, E, F>) -> Stage {
        place_stage(open)
    }
}

/// `=> _`: the events are discarded.
pub fn discard<S, E, F>(port: &Port<S, E, F>) {
    lock(&port.outlets).discard = true;
}

/// `s else target`: the end that the errors of `s` leave by.
pub fn errors<S, E, F, X>(port: &Port<S, E, F>) -> Port<Else<S>, X, CannotFail>
where
    F: Fails<S, E, Error = X>,
    X: Event,
{
    let errors = Port::new();
    *lock(&port.errors) = Some(error_end(errors.outlets.clone()));
    errors
}

/// A stage that can fail.
#[diagnostic::on_unimplemented(
    message = "`{Stage}` cannot fail: it returns no `Result`",
    label = "`else` needs a stage that returns a `Result`",
    note = "remove `else ..`, or let `{Stage}` return a `Result`"
)]
pub trait Fails<Stage, Out> {
    /// Its error.
    type Error;
}
impl<X, Stage, Out> Fails<Stage, Out> for Failed<X> {
    type Error = X;
}
