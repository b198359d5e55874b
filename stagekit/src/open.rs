//! The open end of a run: what the edges of a graph are tied to while it is built.

use std::any::type_name;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::node::Node;
use crate::op::{Event, Fault, NoEvents};
use crate::options::Options;
use crate::port::{ErrorOutlets, Intake, Port, leads_of};
use crate::producer::Producer;
use crate::slot::Slot;
use crate::topology::{self, Place, Topology, Type, Types};

/// What feeds a run.
pub trait Head: Send + 'static {
    /// The events it feeds.
    type Ev: Event;
}
/// A run that begins with a producer.
pub struct Begun<P, X>(pub(crate) Node<P>, pub(crate) Slot<X>);
/// The same, in terms of the producer. The struct itself asks for nothing: a stage that is no producer is one error.
pub type Begins<P> = Begun<P, <<P as Producer>::Fail as Fault>::Error>;
impl<P: Producer> Head for Begins<P> {
    type Ev = P::Out;
}
/// A run that begins with a subscription.
pub struct Subscribes<E>(pub(crate) Arc<Intake<E>>);
impl<E: Event> Head for Subscribes<E> {
    type Ev = E;
}

/// The open end of a run: `H` feeds it, `R` is what it does, its last stage `S` emits `E` and fails with `F`, and `K`
/// is `()` if all of it fits.
#[must_use = "a run must be closed"]
pub struct Open<H, R, S, E, F, K = ()> {
    pub(crate) head: H,
    pub(crate) run: R,
    pub(crate) parts: Vec<Part>,
    pub(crate) port: Port<S, E, F>,
    pub(crate) fits: PhantomData<fn() -> K>,
}

/// One stage of a run, for the loop: its options and its counters.
pub(crate) struct Part {
    pub(crate) options: Options,
    /// The outlets of the stage's errors, when `else` asks for them.
    pub(crate) errors: ErrorOutlets,
    /// The function takes whole batches.
    pub(crate) takes_batches: bool,
    /// The stage is placed in a way of its own.
    pub(crate) is_whole: bool,
    /// What is known of it beside that, for its picture.
    pub(crate) looks: Looks,
}

/// How a stage looks from outside.
pub(crate) struct Looks {
    pub(crate) types: Types,
    pub(crate) place: Place,
    pub(crate) inner: Option<Topology>,
}

impl Looks {
    /// Of a stage that emits `O` and fails with `Fl`, made by the caller.
    #[track_caller]
    pub(crate) fn of<O, Fl: Fault>(takes: Option<Type>, inner: Option<Topology>) -> Self {
        // By its name: asked for more than that, the types of a graph would have to outlive it before they are known to fit.
        let emits = (type_name::<O>() != type_name::<NoEvents>()).then_some(Type(type_name::<O>));
        let fails = Fl::POSSIBLE.then_some(Type(type_name::<Fl::Error>));
        let caller = std::panic::Location::caller();
        let place = Place { file: caller.file(), line: caller.line(), column: caller.column() };
        Looks { types: Types { takes, emits, fails }, place, inner }
    }
}

impl Part {
    /// What is known of it before it runs.
    pub(crate) fn seen(&self) -> topology::Part {
        let Looks { types, place, inner } = &self.looks;
        let (options, errors) = (self.options.clone(), leads_of(&self.errors));
        topology::Part { options, types: *types, place: *place, inner: inner.clone(), errors }
    }
}

impl<H, R, S, E, F, K> Open<H, R, S, E, F, K> {
    /// The end that further edges are tied to.
    pub fn port(&self) -> Port<S, E, F> {
        self.port.clone()
    }
}
