//! A consumer that is driven by hand.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::probe::{self, ConsumerProbe};
use super::{LIMIT, quiet};
use crate::batch::Batch;
use crate::cancel::{Ended, Reason};
use crate::live::{HasOutlet, LiveError, Subscribe};
use crate::lock::lock;
use crate::meter::unread;
use crate::node::Node;
use crate::op::{Event, NoEvents};
use crate::stage::{Front, Inlet, Launched, Place, Places, Site, Stage, Wrong};
use crate::subscribe::Subscription;
use crate::subscription::{Down, Inbox};

/// A consumer that is driven by hand: it asks when it is told to, and shows what came, batch by batch.
///
/// It stands in a pipeline as [`node`](TestConsumer::node), or subscribes at run time with
/// [`subscribe`](TestConsumer::subscribe). What arrives waits until it is looked at. Wherever it looks it checks that
/// nothing has come that was not asked for (law l01), and nothing after the end (l08).
pub struct TestConsumer<T> {
    seat: Arc<Mutex<Inlet<T>>>,
    asked: usize,
    got: usize,
    /// Events that have come and were not looked at.
    waiting: Vec<T>,
    ended: Option<Ended>,
    /// The subscriptions whose end has come and was not looked at, oldest first.
    over: VecDeque<u32>,
}

impl<T: Event> Default for TestConsumer<T> {
    fn default() -> Self {
        TestConsumer::new()
    }
}

/// What came.
enum Came<T> {
    Batch(Vec<T>),
    Ended(Ended),
}

impl<T: Event> TestConsumer<T> {
    /// A consumer without a subscription.
    pub fn new() -> Self {
        let inlet = Inlet::new(Inbox::new(), Vec::new(), unread());
        let seat = Arc::new(Mutex::new(inlet));
        TestConsumer { seat, asked: 0, got: 0, waiting: Vec::new(), ended: None, over: VecDeque::new() }
    }

    /// The consumer as a node: `.. => { output.node() }`. Once.
    pub fn node(&self) -> Node<ConsumerProbe<T>> {
        probe::consumer(Standing(self.seat.clone()))
    }

    /// Subscribes to a live stage. Whatever the options say, it asks by hand.
    ///
    /// # Errors
    /// The producer has ended, or refuses.
    pub async fn subscribe(
        &mut self,
        to: &impl HasOutlet<T>,
        options: Subscribe<T>,
    ) -> Result<Subscription, LiveError> {
        let (confirm, confirmed) = oneshot::channel();
        let refused = |reason| LiveError::Refused { stage: "test consumer".into(), reason };
        let Some(order) = to.outlet_ref().order(options, Some(confirm)) else { return Err(refused(Reason::NotAlive)) };
        let subscription = {
            let mut inlet = lock(&self.seat);
            let subscription = inlet.handle_of(&order);
            inlet.subscribe(order, true);
            subscription
        };
        match confirmed.await {
            Ok(Ok(())) => Ok(subscription),
            Ok(Err(reason)) => Err(refused(reason)),
            Err(_) => Err(refused(Reason::NotAlive)),
        }
    }

    /// Asks for `events` more on each of its subscriptions.
    pub async fn ask(&mut self, events: usize) {
        if events > 0 {
            self.ask_now(events);
        }
        tokio::task::yield_now().await;
    }

    /// The same without giving way: nobody hears of it before the next `await`. From any thread.
    pub fn ask_now(&mut self, events: usize) {
        self.asked = self.asked.saturating_add(lock(&self.seat).ask_all(events));
    }

    /// Cancels all of its subscriptions. What was sent before that still comes.
    pub fn cancel(&mut self, reason: Reason) {
        lock(&self.seat).cancel_all(&reason);
    }

    fn poll_came(&mut self, cx: &mut Context<'_>) -> Poll<Came<T>> {
        let mut inlet = lock(&self.seat);
        while let Some(message) = inlet.hear(cx) {
            match message {
                Down::Events { sub, batch } => {
                    let open = inlet.knows(sub) && !self.over.contains(&sub);
                    assert!(open, "l08: {} events came after the end", batch.len());
                    inlet.queue_batch(sub, batch);
                }
                Down::Ended { sub, ended } => {
                    let open = inlet.knows(sub) && !self.over.contains(&sub);
                    assert!(open, "l08: the end came twice: {}", ended.reason());
                    self.over.push_back(sub);
                    inlet.queue_ended(sub, ended);
                }
                Down::Ask { tag, demand } => {
                    inlet.ask(tag, demand.get());
                    self.asked = self.asked.saturating_add(demand.get());
                }
                Down::Cancel { tag, reason, quiet } => inlet.cancel_one(tag, reason, quiet),
                Down::Subscribe(_) | Down::Note(_) => {}
            }
        }
        match inlet.front() {
            Some(Front::Batch) => {
                let Some((Batch::Owned(events), _)) = inlet.next_from() else {
                    unreachable!("a probe takes its events by value: nothing is lent to it")
                };
                let n = events.len();
                assert!(n > 0, "an empty batch came");
                inlet.settle(n);
                self.got += n;
                assert!(self.got <= self.asked, "l01: {} events came for a demand of {}", self.got, self.asked);
                // To look at an event is to be done with it.
                let values = events.done();
                Poll::Ready(Came::Batch(values))
            }
            Some(Front::Ended) => match inlet.next_ended() {
                Some((ended, ..)) => {
                    self.over.pop_front();
                    Poll::Ready(Came::Ended(ended))
                }
                None => Poll::Pending,
            },
            Some(Front::Info) | None => Poll::Pending,
        }
    }

    async fn came(&mut self) -> Option<Came<T>> {
        timeout(LIMIT, poll_fn(|cx| self.poll_came(cx))).await.ok()
    }

    /// The next batch as it was sent, or how the subscription ended.
    ///
    /// # Panics
    /// If nothing comes.
    pub async fn next_batch(&mut self) -> Result<Vec<T>, Ended> {
        if !self.waiting.is_empty() {
            return Ok(std::mem::take(&mut self.waiting));
        }
        match self.came().await {
            Some(Came::Batch(events)) => Ok(events),
            Some(Came::Ended(ended)) => {
                self.ended = Some(ended.clone());
                Err(ended)
            }
            None => panic!("the test consumer expected a batch, and nothing came"),
        }
    }

    /// Events come, as many as are left until the first other thing.
    ///
    /// # Panics
    /// If fewer than `n` come.
    pub(crate) async fn gather(&mut self, n: usize, place: &std::panic::Location<'_>) -> Vec<T> {
        while self.waiting.len() < n {
            match self.came().await {
                Some(Came::Batch(events)) => self.waiting.extend(events),
                Some(Came::Ended(ended)) => panic!(
                    "the test consumer expected {n} events, and its subscription has ended after {}: {} ({place})",
                    self.waiting.len(),
                    ended.reason()
                ),
                None => panic!(
                    "the test consumer expected {n} events, and {} came, for a demand of {} ({place})",
                    self.waiting.len(),
                    self.asked
                ),
            }
        }
        self.waiting.drain(..n).collect()
    }

    /// These events come next, in whatever batches.
    ///
    /// # Panics
    /// If others come, or nothing does.
    #[track_caller]
    pub fn expect_events<E>(&mut self, events: E) -> impl Future<Output = ()>
    where
        E: IntoIterator<Item = T>,
        T: Debug + PartialEq,
    {
        let place = std::panic::Location::caller();
        let expected: Vec<T> = events.into_iter().collect();
        async move {
            let came = self.gather(expected.len(), place).await;
            assert_eq!(came, expected, "other events came ({place})");
        }
    }

    /// These events come next, as one batch.
    ///
    /// # Panics
    /// If another batch comes, or none.
    #[track_caller]
    pub fn expect_batch<E>(&mut self, events: E) -> impl Future<Output = ()>
    where
        E: IntoIterator<Item = T>,
        T: Debug + PartialEq,
    {
        let place = std::panic::Location::caller();
        let expected: Vec<T> = events.into_iter().collect();
        async move {
            let came = self.next_batch().await;
            assert_eq!(came, Ok(expected), "another batch came ({place})");
        }
    }

    /// Nothing comes, not the end either.
    ///
    /// # Panics
    /// If something does.
    #[track_caller]
    pub fn expect_nothing(&mut self) -> impl Future<Output = ()>
    where
        T: Debug,
    {
        let place = std::panic::Location::caller();
        async move {
            quiet().await;
            let came = poll_fn(|cx| Poll::Ready(self.poll_came(cx))).await;
            match came {
                Poll::Pending => assert!(self.waiting.is_empty(), "these came: {:?} ({place})", self.waiting),
                Poll::Ready(Came::Batch(events)) => panic!("these came: {events:?} ({place})"),
                Poll::Ready(Came::Ended(ended)) => panic!("the end came: {} ({place})", ended.reason()),
            }
        }
    }

    /// The subscription ends now.
    ///
    /// # Panics
    /// If events come before that, or nothing does.
    #[track_caller]
    pub fn expect_end(&mut self) -> impl Future<Output = Ended>
    where
        T: Debug,
    {
        let place = std::panic::Location::caller();
        async move {
            if let Some(ended) = self.ended.take() {
                return ended;
            }
            assert!(self.waiting.is_empty(), "these came before the end: {:?} ({place})", self.waiting);
            match self.came().await {
                Some(Came::Ended(ended)) => ended,
                Some(Came::Batch(events)) => panic!("these came before the end: {events:?} ({place})"),
                None => panic!("the test consumer expected the end, and nothing came ({place})"),
            }
        }
    }

    /// Everything that comes until the end, asking for `at_a_time` whenever nothing is outstanding.
    ///
    /// # Panics
    /// If the end never comes.
    pub async fn drink(&mut self, at_a_time: usize) -> Vec<T> {
        let mut all = std::mem::take(&mut self.waiting);
        loop {
            if self.got == self.asked {
                self.ask(at_a_time).await;
            }
            match self.came().await {
                Some(Came::Batch(events)) => all.extend(events),
                Some(Came::Ended(ended)) => {
                    self.ended = Some(ended);
                    return all;
                }
                None => panic!("l06: {} events are asked for, and nothing comes", self.asked - self.got),
            }
        }
    }

    /// Everything that comes before no task has anything to do any more; it stops at an end, which is
    /// [kept](TestConsumer::end).
    pub async fn take_all(&mut self) -> Vec<T> {
        quiet().await;
        let mut all = std::mem::take(&mut self.waiting);
        while self.ended.is_none() {
            match poll_fn(|cx| Poll::Ready(self.poll_came(cx))).await {
                Poll::Ready(Came::Batch(events)) => all.extend(events),
                Poll::Ready(Came::Ended(ended)) => self.ended = Some(ended),
                Poll::Pending => break,
            }
            quiet().await;
        }
        all
    }

    /// Waits for whatever comes next, and takes it; for ever after the end.
    #[cfg(feature = "tck")]
    pub(crate) async fn take_some(&mut self) -> usize {
        match poll_fn(|cx| self.poll_came(cx)).await {
            Came::Batch(events) => events.len(),
            Came::Ended(ended) => {
                self.ended = Some(ended);
                0
            }
        }
    }

    /// How its last subscription has ended, if that was seen.
    pub fn end(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// How many others hold the way to it: producers that are subscribed to, and [`Subscription`]s.
    pub fn holders(&self) -> usize {
        lock(&self.seat).holders()
    }

    /// How many events it has asked for, and how many have come.
    pub fn asked_and_got(&self) -> (usize, usize) {
        (self.asked, self.got)
    }
}

struct Standing<T>(Arc<Mutex<Inlet<T>>>);

impl<T: Event> Places<T, NoEvents> for Standing<T> {
    fn place(self: Box<Self>, site: Site<T, NoEvents>, to: &mut Vec<Stage>) -> Result<(), Wrong> {
        to.push(Stage::of(Placed(self.0, site)));
        Ok(())
    }
}

struct Placed<T>(Arc<Mutex<Inlet<T>>>, Site<T, NoEvents>);

impl<T: Event> Place for Placed<T> {
    fn wire(&mut self) -> Result<(), Wrong> {
        Ok(())
    }
    fn launch(self: Box<Self>, _: &mut Launched) {
        let Some(intake) = &self.1.intake else { return };
        let mut inlet = Inlet::new(intake.workers[0].0.clone(), intake.subscriptions(0), unread());
        inlet.ask_by_hand();
        *lock(&self.0) = inlet;
    }
}
