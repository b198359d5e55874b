//! The ends of a pipeline that are driven by hand, as nodes.

use std::any::Any;
use std::marker::PhantomData;

use crate::node::Node;
use crate::op::{AcceptedAs, ByValue, CannotFail, Consumer, Event, NoEvents, Parts, Takes, Whole};
use crate::producer::{Opens, Producer};
use crate::stage::{Own, Places};

/// A [`TestProducer`](super::TestProducer) as a node of a pipeline.
pub struct ProducerProbe<T>(Option<Box<dyn Any + Send>>, PhantomData<fn() -> T>);

/// A [`TestConsumer`](super::TestConsumer) as a node of a pipeline.
pub struct ConsumerProbe<T>(Option<Box<dyn Any + Send>>, PhantomData<fn(T)>);

pub(super) fn producer<T: Event>(places: impl Places<NoEvents, T> + 'static) -> Node<ProducerProbe<T>> {
    Node::new(ProducerProbe(Some(Own::boxed(places)), PhantomData), "test producer")
}

pub(super) fn consumer<T: Event>(places: impl Places<T, NoEvents> + 'static) -> Node<ConsumerProbe<T>> {
    Node::new(ConsumerProbe(Some(Own::boxed(places)), PhantomData), "test consumer")
}

impl<E, Up, T: Event> Takes<E, Up> for ConsumerProbe<T>
where
    T: AcceptedAs<E, Up, ConsumerProbe<T>>,
{
    type In = T;
    type Out = NoEvents;
    type Fail = CannotFail;
    type By = ByValue;
    type Style = Whole;
    type Fits = <T as AcceptedAs<E, Up, ConsumerProbe<T>>>::Fits;
    const ASYNC: bool = false;
    const ONE: bool = false;
    const PAUSES: bool = false;
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        self.0.take()
    }
}

impl<T: Event> Consumer for ConsumerProbe<T> {}

impl<T: Event> Producer for ProducerProbe<T> {
    type Out = T;
    type Fail = CannotFail;
    fn open<O: Opens<T, CannotFail>>(self, with: O) -> O::Opened {
        // It is placed in its own way; `->` behind it is refused before.
        with.iterator(std::iter::empty())
    }
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        self.0.take()
    }
}

macro_rules! stateless {
    ($name:ident) => {
        impl<T: Event> Parts for $name<T> {
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
    };
}
stateless!(ProducerProbe);
stateless!(ConsumerProbe);
