//! Closures as stages: `|e| ..`, `filter |e| ..`, `flat_map |e| ..`, `try_map |e| ..`, `inspect |e| ..`.
//!
//! Each function takes the port the closure will hang on, so that the compiler knows the type of its parameter.

use std::future::Future;
use std::marker::PhantomData;

use crate::node::Node;
use crate::op::{
    AcceptedAs, ByRef, ByValue, CannotFail, Consumer, Event, Failed, Fault, Flow, Known, Loan, NoEvents, Parts,
    PerEvent, Takes, a_closure,
};
use crate::outbox::Outbox;
use crate::port::Port;

/// How a closure's answer becomes events.
pub trait Shape<E>: Send + 'static {
    /// What it emits.
    type Out: Event;
    /// How it fails.
    type Fail: Fault;
    /// [`ByValue`] or [`ByRef`].
    type By;
    /// Exactly one event out.
    const ONE: bool;
    /// The call for an event.
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<Self::Out, Self::Fail>) -> Flow) -> Flow;
    /// The call for a lent event.
    fn look(&mut self, event: &E, then: &mut impl FnMut(Result<Self::Out, Self::Fail>) -> Flow) -> Flow {
        let _ = (event, then);
        unreachable!("not a closure that borrows")
    }
}

/// A closure in the graph.
pub struct Closure<K, T> {
    shape: K,
    takes: PhantomData<fn(T)>,
}

impl<E: Event, Up, T: Event, K: Shape<T>> Takes<E, Up> for Closure<K, T>
where
    T: AcceptedAs<E, Up, a_closure>,
{
    type In = T;
    type Out = K::Out;
    type Fail = K::Fail;
    type By = K::By;
    type Style = PerEvent;
    type Fits = T::Fits;
    const ASYNC: bool = false;
    const ONE: bool = K::ONE;
    const PAUSES: bool = false;

    #[inline]
    fn one(&mut self, event: E) -> K::Out {
        let mut out = None;
        let _ = self.shape.call(T::accept(event), &mut |result| {
            out = result.ok();
            Flow::Continue(())
        });
        match out {
            Some(event) => event,
            None => unreachable!("a one-to-one closure emits one event"),
        }
    }
    #[inline]
    fn push(&mut self, event: E, then: &mut impl FnMut(Result<K::Out, K::Fail>) -> Flow) -> Flow {
        self.shape.call(T::accept(event), then)
    }
    #[inline]
    fn look(&mut self, event: &E, then: &mut impl FnMut(Result<K::Out, K::Fail>) -> Flow) -> Flow {
        self.shape.look(T::accept_ref(event), then)
    }
    fn push_async(
        &mut self,
        event: E,
        out: &mut Outbox<K::Out>,
        failures: &mut Vec<K::Fail>,
    ) -> impl Future<Output = ()> + Send {
        let _ = self.shape.call(T::accept(event), &mut |result| collect(result, out, failures));
        std::future::ready(())
    }
    fn look_async(
        &mut self,
        event: Loan<'_, E>,
        out: &mut Outbox<K::Out>,
        failures: &mut Vec<K::Fail>,
    ) -> impl Future<Output = ()> + Send {
        let _ = self.shape.look(T::accept_ref(event.get()), &mut |result| collect(result, out, failures));
        std::future::ready(())
    }
    fn lend_async(
        &mut self,
        event: &mut E,
        out: &mut Outbox<K::Out>,
        failures: &mut Vec<K::Fail>,
    ) -> impl Future<Output = ()> + Send {
        let _ = self.shape.look(T::accept_ref(event), &mut |result| collect(result, out, failures));
        std::future::ready(())
    }
}

/// Puts what a synchronous call gives where an asynchronous one would.
pub fn collect<T, F>(result: Result<T, F>, out: &mut Outbox<T>, failures: &mut Vec<F>) -> Flow {
    match result {
        Ok(event) => out.push(event),
        Err(failure) => failures.push(failure),
    }
    Flow::Continue(())
}

impl<K: Send + 'static, T: 'static> Parts for Closure<K, T> {
    type State = ();
    type Config = K;
    type Kept = ();
    fn split(self) -> ((), K) {
        ((), self.shape)
    }
    fn join(_: (), shape: K) -> Self {
        Closure { shape, takes: PhantomData }
    }
    fn kept(self) {}
}

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident<$($p:ident),*>) => {
        $(#[$doc])*
        pub struct $name<$($p),*>(G, PhantomData<fn() -> ($($p,)*)>);
        impl<$($p),*> Clone for $name<$($p),*> where G: Clone {
            fn clone(&self) -> Self { $name(self.0.clone(), PhantomData) }
        }
    };
}

shape!(
    /// `|e| ..`: one to one.
    Map<G, E, O>
);
impl<E: Event, O: Event, G: FnMut(E) -> O + Send + 'static> Shape<E> for Map<G, E, O> {
    type Out = O;
    type Fail = CannotFail;
    type By = ByValue;
    const ONE: bool = true;
    #[inline]
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<O, CannotFail>) -> Flow) -> Flow {
        then(Ok((self.0)(event)))
    }
}
shape!(
    /// `|e: &E| ..`: one to one, borrowing.
    MapRef<G, E, O>
);
impl<E: Event, O: Event, G: FnMut(&E) -> O + Send + 'static> Shape<E> for MapRef<G, E, O> {
    type Out = O;
    type Fail = CannotFail;
    type By = ByRef;
    const ONE: bool = true;
    #[inline]
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<O, CannotFail>) -> Flow) -> Flow {
        then(Ok((self.0)(&event)))
    }
    #[inline]
    fn look(&mut self, event: &E, then: &mut impl FnMut(Result<O, CannotFail>) -> Flow) -> Flow {
        then(Ok((self.0)(event)))
    }
}
shape!(
    /// `filter |e| ..`.
    Filter<G, E>
);
impl<E: Event, G: FnMut(&E) -> bool + Send + 'static> Shape<E> for Filter<G, E> {
    type Out = E;
    type Fail = CannotFail;
    type By = ByValue;
    const ONE: bool = false;
    #[inline]
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<E, CannotFail>) -> Flow) -> Flow {
        if (self.0)(&event) { then(Ok(event)) } else { Flow::Continue(()) }
    }
}
shape!(
    /// `inspect |e| ..`.
    Inspect<G, E>
);
impl<E: Event, G: FnMut(&E) + Send + 'static> Shape<E> for Inspect<G, E> {
    type Out = E;
    type Fail = CannotFail;
    type By = ByValue;
    const ONE: bool = true;
    #[inline]
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<E, CannotFail>) -> Flow) -> Flow {
        (self.0)(&event);
        then(Ok(event))
    }
}
shape!(
    /// `flat_map |e| ..`.
    FlatMap<G, E, O>
);
impl<E: Event, O, G: FnMut(E) -> O + Send + 'static> Shape<E> for FlatMap<G, E, O>
where
    O: IntoIterator<Item: Event> + 'static,
{
    type Out = O::Item;
    type Fail = CannotFail;
    type By = ByValue;
    const ONE: bool = false;
    #[inline]
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<O::Item, CannotFail>) -> Flow) -> Flow {
        for event in (self.0)(event) {
            then(Ok(event))?;
        }
        Flow::Continue(())
    }
}
shape!(
    /// `try_map |e| ..`.
    TryMap<G, E, O, X>
);
impl<E: Event, O: Event, X: Event, G: FnMut(E) -> Result<O, X> + Send + 'static> Shape<E> for TryMap<G, E, O, X> {
    type Out = O;
    type Fail = Failed<X>;
    type By = ByValue;
    const ONE: bool = false;
    #[inline]
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<O, Failed<X>>) -> Flow) -> Flow {
        then((self.0)(event).map_err(Failed))
    }
}
shape!(
    /// The last closure of a path.
    Each<G, E>
);
impl<E: Event, G: FnMut(E) + Send + 'static> Shape<E> for Each<G, E> {
    type Out = NoEvents;
    type Fail = CannotFail;
    type By = ByValue;
    const ONE: bool = false;
    #[inline]
    fn call(&mut self, event: E, _: &mut impl FnMut(Result<NoEvents, CannotFail>) -> Flow) -> Flow {
        (self.0)(event);
        Flow::Continue(())
    }
}
impl<G, E> Consumer for Closure<Each<G, E>, E> {}
shape!(
    /// The last closure of a path, borrowing.
    EachRef<G, E>
);
impl<E: Event, G: FnMut(&E) + Send + 'static> Shape<E> for EachRef<G, E> {
    type Out = NoEvents;
    type Fail = CannotFail;
    type By = ByRef;
    const ONE: bool = false;
    #[inline]
    fn call(&mut self, event: E, _: &mut impl FnMut(Result<NoEvents, CannotFail>) -> Flow) -> Flow {
        (self.0)(&event);
        Flow::Continue(())
    }
    #[inline]
    fn look(&mut self, event: &E, _: &mut impl FnMut(Result<NoEvents, CannotFail>) -> Flow) -> Flow {
        (self.0)(event);
        Flow::Continue(())
    }
}
impl<G, E> Consumer for Closure<EachRef<G, E>, E> {}
shape!(
    /// The last closure of a path, fallible.
    TryEach<G, E, X>
);
impl<E: Event, X: Event, G: FnMut(E) -> Result<(), X> + Send + 'static> Shape<E> for TryEach<G, E, X> {
    type Out = NoEvents;
    type Fail = Failed<X>;
    type By = ByValue;
    const ONE: bool = false;
    #[inline]
    fn call(&mut self, event: E, then: &mut impl FnMut(Result<NoEvents, Failed<X>>) -> Flow) -> Flow {
        match (self.0)(event) {
            Ok(()) => Flow::Continue(()),
            Err(error) => then(Err(Failed(error))),
        }
    }
}
impl<G, E, X> Consumer for Closure<TryEach<G, E, X>, E> {}

fn node<K, T>(shape: K, name: &str) -> Node<Closure<K, T>> {
    Node::new(Closure { shape, takes: PhantomData }, name)
}

/// `|e| ..` in the middle of a path.
pub fn map<S, E, F, G: FnMut(E) -> O, O: Known>(_: &Port<S, E, F>, g: G) -> Node<Closure<Map<G, E, O>, E>> {
    node(Map(g, PhantomData), "map")
}
/// `|e: &E| ..` in the middle of a path.
pub fn map_ref<S, E, F, G: FnMut(&E) -> O, O: Known>(_: &Port<S, E, F>, g: G) -> Node<Closure<MapRef<G, E, O>, E>> {
    node(MapRef(g, PhantomData), "map")
}
/// `filter |e| ..`: the closure borrows the event.
pub fn filter<S, E, F, G: FnMut(&E) -> bool>(_: &Port<S, E, F>, g: G) -> Node<Closure<Filter<G, E>, E>> {
    node(Filter(g, PhantomData), "filter")
}
/// `inspect |e| ..`: the closure borrows the event.
pub fn inspect<S, E, F, G: FnMut(&E)>(_: &Port<S, E, F>, g: G) -> Node<Closure<Inspect<G, E>, E>> {
    node(Inspect(g, PhantomData), "inspect")
}
/// `flat_map |e| ..`.
pub fn flat_map<S, E, F, G: FnMut(E) -> O, O: IntoIterator>(
    _: &Port<S, E, F>,
    g: G,
) -> Node<Closure<FlatMap<G, E, O>, E>> {
    node(FlatMap(g, PhantomData), "flat_map")
}
/// `try_map |e| ..` in the middle of a path.
pub fn try_map<S, E, F, G: FnMut(E) -> Result<O, X>, O, X>(
    _: &Port<S, E, F>,
    g: G,
) -> Node<Closure<TryMap<G, E, O, X>, E>> {
    node(TryMap(g, PhantomData), "try_map")
}
/// `|e| ..` at the end of a path.
pub fn each<S, E, F, G: FnMut(E)>(_: &Port<S, E, F>, g: G) -> Node<Closure<Each<G, E>, E>> {
    node(Each(g, PhantomData), "each")
}
/// `|e: &E| ..` at the end of a path.
pub fn each_ref<S, E, F, G: FnMut(&E)>(_: &Port<S, E, F>, g: G) -> Node<Closure<EachRef<G, E>, E>> {
    node(EachRef(g, PhantomData), "each")
}
/// `try_map |e| ..` at the end of a path.
pub fn try_each<S, E, F, G: FnMut(E) -> Result<(), X>, X>(
    _: &Port<S, E, F>,
    g: G,
) -> Node<Closure<TryEach<G, E, X>, E>> {
    node(TryEach(g, PhantomData), "each")
}

/// The port of a closure as messages are to name it: "`a_closure` emits `u64`".
pub fn unnamed<S, E, F>(port: Port<S, E, F>) -> Port<a_closure, E, F> {
    port.of()
}

/// A port of no stage: says what the parameter of a closure is, when the closure says so itself.
pub fn annotated<T>(_: PhantomData<fn(T)>) -> Port<a_closure, T, CannotFail> {
    Port::new()
}
/// The type `T`, as a value.
pub fn ty<T>() -> PhantomData<fn(T)> {
    PhantomData
}
