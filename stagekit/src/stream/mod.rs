//! Streams in and out: iterators and streams as producers, and pipelines with an open end as `Stream` and `Sink`.

mod input;
mod output;

pub use input::{Input, input};
pub use output::{Output, output};

use futures_core::Stream;

use crate::checks::mapped;
use crate::node::Node;
use crate::op::{AcceptedAs, CannotFail, Event, Parts};
use crate::pipeline::Stage;
use crate::port::{Port, same};
use crate::producer::{Opens, Producer, Source};

pub use crate::stage::Segment;

/// Names the world before an open beginning.
pub struct Anyone;

/// `..` at the beginning of a path.
pub fn open_in<In: Event>() -> Port<Anyone, In, CannotFail> {
    Port::new()
}

/// `.. => a => ..`.
pub fn segment<S0, In: Event, F0, S, E: Event, F, Out>(
    from: &Port<S0, In, F0>,
    to: &Port<S, E, F>,
    stages: impl IntoIterator<Item = Stage>,
) -> Segment<In, Out>
where
    Out: AcceptedAs<E, S, Segment<In, Out>> + Event,
{
    Segment::new(from.outlets.clone(), same(to.outlets.clone()), stages.into_iter().collect())
}

/// A producer of the items of an iterator: `{ from_iter(0..10) } => ..`.
///
/// The iterator is asked for as many items as there is demand for. It runs on the stage's task: one that blocks
/// belongs into [`Node::blocking`].
pub fn from_iter<I>(items: I) -> Node<FromIter<I::IntoIter>>
where
    I: IntoIterator<Item: Event, IntoIter: Send + 'static>,
{
    Node::new(FromIter(items.into_iter()), "from_iter")
}

/// A producer of the items of a stream: `{ from_stream(s) } => ..`.
///
/// The stream is polled only while there is demand, unless its [`buffer`](Node::buffer) has an overflow policy.
pub fn from_stream<S>(items: S) -> Node<FromStream<S>>
where
    S: Stream<Item: Event> + Send + 'static,
{
    Node::new(FromStream(items), "from_stream")
}

/// A producer of the events of a [`Source`], with their receipts: `{ from_source(s) } => ..`.
pub fn from_source<T: Event, S: Source<T>>(source: S) -> Node<FromSource<S, T>> {
    Node::new(FromSource(source, std::marker::PhantomData), "from_source")
}

macro_rules! stateless {
    ($name:ident<$($p:ident),*>) => {
        impl<$($p: Send + 'static),*> Parts for $name<$($p),*> {
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
        }
    };
}

/// See [`from_iter`].
pub struct FromIter<I>(I);
stateless!(FromIter<I>);
impl<I: Iterator<Item: Event> + Send + 'static> Producer for FromIter<I> {
    type Out = I::Item;
    type Fail = CannotFail;
    fn open<O: Opens<I::Item, CannotFail>>(self, with: O) -> O::Opened {
        with.iterator(self.0.map(Ok))
    }
}

/// See [`from_stream`].
pub struct FromStream<S>(S);
stateless!(FromStream<S>);
impl<S: Stream<Item: Event> + Send + 'static> Producer for FromStream<S> {
    type Out = S::Item;
    type Fail = CannotFail;
    const ASYNC: bool = true;
    fn open<O: Opens<S::Item, CannotFail>>(self, with: O) -> O::Opened {
        with.stream(mapped(self.0, Ok))
    }
}

/// See [`from_source`].
pub struct FromSource<S, T>(S, std::marker::PhantomData<fn() -> T>);
stateless!(FromSource<S, T>);
impl<T: Event, S: Source<T>> Producer for FromSource<S, T> {
    type Out = T;
    type Fail = CannotFail;
    const ASYNC: bool = true;
    fn open<O: Opens<T, CannotFail>>(self, with: O) -> O::Opened {
        with.source(self.0)
    }
    fn acknowledges(&self) -> bool {
        self.0.acknowledges()
    }
}
