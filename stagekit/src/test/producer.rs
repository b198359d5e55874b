//! A producer that is driven by hand.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::time::timeout;

use super::probe::{self, ProducerProbe};
use super::{LIMIT, quiet};
use crate::cancel::{Ended, Reason};
use crate::dispatcher::{DemandDispatcher, Dispatcher};
use crate::live::OutletRef;
use crate::lock::lock;
use crate::meter::unread;
use crate::node::Node;
use crate::op::{Event, NoEvents};
use crate::receipt::Events;
use crate::stage::{Edges, Launched, Outlet, Place, Places, Site, Stage, Wrong, wire};
use crate::subscription::{Door, Up};
#[cfg(feature = "tck")]
use crate::tuner::Tuner;

/// A producer that is driven by hand: what it is asked for is seen, ask by ask, and it emits what it is told to.
///
/// It stands in a pipeline as [`node`](TestProducer::node), or is subscribed to at run time by its
/// [`outlet`](TestProducer::outlet). Nothing happens to it between two of its methods: asks and cancels wait.
pub struct TestProducer<T> {
    seat: Arc<Mutex<Outlet<T>>>,
    door: Arc<Door<T>>,
    cancels: VecDeque<Ended>,
    draining: bool,
}

/// What has come to a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// It is asked for so many more events.
    Ask(usize),
    /// A subscription was ended by its consumer.
    Cancelled(Ended),
    /// It is to emit no more.
    Drain,
}

impl<T: Event> Default for TestProducer<T> {
    fn default() -> Self {
        TestProducer::new()
    }
}

impl<T: Event> TestProducer<T> {
    /// A producer that nobody is subscribed to yet.
    pub fn new() -> Self {
        let door = Door::new();
        let dispatcher = Dispatcher::Demand(DemandDispatcher::new());
        let mut outlet = Outlet::new(door.clone(), Vec::new(), dispatcher, false, None, usize::MAX, unread());
        outlet.enliven(false);
        outlet.await_subscriptions();
        TestProducer { seat: Arc::new(Mutex::new(outlet)), door, cancels: VecDeque::new(), draining: false }
    }

    /// The producer as a node: `{ input.node() } => ..`. Once.
    pub fn node(&self) -> Node<ProducerProbe<T>> {
        probe::producer(Standing(self.seat.clone()))
    }

    /// What live stages subscribe to.
    pub fn outlet(&self) -> OutletRef<T> {
        OutletRef::new(self.door.clone())
    }

    fn poll_hear(&mut self, cx: &mut Context<'_>) {
        let mut outlet = lock(&self.seat);
        while let Some(message) = outlet.hear(cx) {
            match message {
                Up::Ask { sub, demand } => outlet.asked(sub, demand),
                Up::Again { sub, demand, .. } => outlet.asked(sub, demand as usize),
                Up::Cancel { sub, ended } => {
                    if outlet.handle_of(sub).is_some() {
                        self.cancels.push_back(ended.clone());
                    }
                    outlet.cancelled(sub, ended);
                }
                Up::Drain => self.draining = true,
                Up::Subscribe(subscriber) => outlet.subscribed(*subscriber),
                Up::Note(_) => {}
            }
        }
    }

    async fn hear<R>(&mut self, what: &str, mut ready: impl FnMut(&mut Self) -> Option<R>) -> R {
        let heard = poll_fn(|cx| {
            self.poll_hear(cx);
            ready(self).map_or(Poll::Pending, Poll::Ready)
        });
        match timeout(LIMIT, heard).await {
            Ok(result) => result,
            Err(_) => panic!("the test producer expected {what}, and nothing came"),
        }
    }

    /// Whatever comes next, however long that takes: for a producer that answers.
    pub async fn next_signal(&mut self) -> Signal {
        poll_fn(|cx| {
            self.poll_hear(cx);
            if std::mem::take(&mut self.draining) {
                return Poll::Ready(Signal::Drain);
            }
            if let Some(ended) = self.cancels.pop_front() {
                return Poll::Ready(Signal::Cancelled(ended));
            }
            lock(&self.seat).tell().map_or(Poll::Pending, |asked| Poll::Ready(Signal::Ask(asked)))
        })
        .await
    }

    /// How many others hold the way to it: consumers that are subscribed, and outlets that were given out.
    pub fn holders(&self) -> usize {
        let seat = lock(&self.seat);
        // Before it stands in a pipeline, its own door is the outlet's.
        seat.holders() - usize::from(Arc::ptr_eq(seat.door(), &self.door))
    }

    /// The next ask: how many more events are wanted by it.
    ///
    /// # Panics
    /// If none comes.
    pub async fn next_ask(&mut self) -> usize {
        self.hear("to be asked", |this| lock(&this.seat).tell()).await
    }

    /// The next ask is for this many events.
    ///
    /// # Panics
    /// If it is for another number, or none comes.
    #[track_caller]
    pub fn expect_ask(&mut self, events: usize) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let asked = self.hear(&format!("an ask for {events} ({place})"), |this| lock(&this.seat).tell()).await;
            assert_eq!(asked, events, "the test producer was asked for {asked}, not for {events} ({place})");
        }
    }

    /// Nothing is asked for.
    ///
    /// # Panics
    /// If something is.
    pub async fn expect_no_ask(&mut self) {
        quiet().await;
        let asked = poll_fn(|cx| {
            self.poll_hear(cx);
            Poll::Ready(lock(&self.seat).tell())
        });
        assert_eq!(asked.await, None, "the test producer was asked for more");
    }

    /// Emits events. What nobody has asked for waits in its buffer.
    pub async fn send(&mut self, events: impl IntoIterator<Item = T>) {
        self.send_with_receipts(events.into_iter().collect::<Vec<_>>()).await;
    }

    /// Emits events without hearing first whether anybody is still there.
    #[cfg(feature = "tck")]
    pub(crate) fn send_unheard(&mut self, events: Events<T>) {
        let _ = lock(&self.seat).emit(events);
    }

    /// How much a consumer may ask for that finds its own demand; nought if there is none.
    #[cfg(feature = "tck")]
    pub(crate) fn most_tuned(&self) -> usize {
        if lock(&self.seat).is_tuned() { Tuner::most(size_of::<T>()).0 } else { 0 }
    }

    /// Emits events with their receipts.
    pub async fn send_with_receipts(&mut self, events: impl Into<Events<T>>) {
        poll_fn(|cx| {
            self.poll_hear(cx);
            Poll::Ready(())
        })
        .await;
        // It has no overflow policy: nothing is discarded.
        let _ = lock(&self.seat).emit(events.into());
    }

    /// Hears what has come: a consumer that subscribes is there then. What it asked for is still [told](Self::next_ask).
    pub async fn listen(&mut self) {
        quiet().await;
        poll_fn(|cx| {
            self.poll_hear(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// How many of its events wait in its buffer.
    pub fn buffered(&self) -> usize {
        lock(&self.seat).buffered()
    }

    /// There will be no more events: its consumers are told, with the reason.
    pub fn end(&mut self, reason: Reason) {
        lock(&self.seat).end(&Ended::Down(reason));
    }

    /// The next subscription to end was ended by its consumer like this.
    ///
    /// # Panics
    /// If none ends.
    pub async fn expect_cancel(&mut self) -> Ended {
        self.hear("a cancel", |this| this.cancels.pop_front()).await
    }

    /// The pipeline asks it to drain.
    ///
    /// # Panics
    /// If it does not.
    pub async fn expect_drain(&mut self) {
        self.hear("to be drained", |this| this.draining.then_some(())).await;
    }
}

struct Standing<T>(Arc<Mutex<Outlet<T>>>);

impl<T: Event> Places<NoEvents, T> for Standing<T> {
    fn place(self: Box<Self>, site: Site<NoEvents, T>, to: &mut Vec<Stage>) -> Result<(), Wrong> {
        to.push(Stage::of(Placed(self.0, site)));
        Ok(())
    }
}

struct Placed<T>(Arc<Mutex<Outlet<T>>>, Site<NoEvents, T>);

impl<T: Event> Place for Placed<T> {
    fn wire(&mut self) -> Result<(), Wrong> {
        let (mut outlet, _) = wire(&self.1.outlets, None, Edges::ToStages, None, unread())
            .map_err(|text| (self.1.options.name.clone(), text))?;
        outlet.enliven(false);
        *lock(&self.0) = outlet;
        Ok(())
    }
    fn launch(self: Box<Self>, to: &mut Launched) {
        to.sources.push(lock(&self.0).door().clone());
    }
}
