//! Dispatchers of the user's: the contract, and the guard that holds them to it.

use super::heap::Heap;
use super::{Dispatcher, Sub};
use crate::batch::Batch;
use crate::demand::Demand;
use crate::receipt::Events;
use crate::subscribe::Subscribe;

/// A policy of your own: which subscription gets which event.
///
/// It lives in the producing stage's task, is called from there alone, and does nothing but book-keeping: it is told of
/// subscriptions, asks, cancels and events, and [sends](Deliver::send).
///
/// # The contract
///
/// - A subscription is sent no more than it has asked for, in sum (law l01), and nothing before its `subscribe` or after
///   its `cancel`. This is checked: what is too much is not sent but discarded, and
///   the stage ends with an error.
/// - Events are sent, given back by [`dispatch`](Dispatch::dispatch), counted in [`resting`](Dispatch::resting), or
///   handed out by [`take_discarded`](Dispatch::take_discarded) (law l03). An event that is merely dropped has failed, if
///   its source can acknowledge.
/// - What one subscription gets is in the order in which it came; what is given back is the end of it, in order (law
///   l05).
/// - If [`demand`](Dispatch::demand) is above nought, a dispatch of events sends at least one of them, or keeps it
///   inside (law l06). Demand is a level: what could be dispatched now, whoever asked for it; the producer makes as many
///   events. A claim beyond what all subscriptions have asked for together is cut to that.
/// - `sub` is a small number, and is given to another subscription after its cancel.
///
/// # Example
///
/// In turn, each as many events as its weight, which comes with the subscription
/// (`Subscribe::new().with(Weight(3))`):
///
/// ```
/// use stagekit::dispatcher::{Deliver, Dispatch, Sub};
/// use stagekit::live::Subscribe;
/// use stagekit::{Demand, Events};
///
/// struct Weight(usize);
///
/// struct Weighted {
///     /// Subscription, weight, demand.
///     turns: std::collections::VecDeque<(Sub, usize, usize)>,
/// }
///
/// impl<T> Dispatch<T> for Weighted {
///     fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, _consumer: usize) -> Result<(), String> {
///         match options.extra() {
///             Some(Weight(0)) => Err("its weight is 0: let it be at least 1".into()),
///             weight => Ok(self.turns.push_back((sub, weight.map_or(1, |weight| weight.0), 0))),
///         }
///     }
///     fn cancel(&mut self, sub: Sub) {
///         self.turns.retain(|turn| turn.0 != sub);
///     }
///     fn ask(&mut self, sub: Sub, demand: Demand, _: &mut Deliver<'_, T>) {
///         if let Some(turn) = self.turns.iter_mut().find(|turn| turn.0 == sub) {
///             turn.2 += demand.get();
///         }
///     }
///     fn demand(&self) -> Demand {
///         Demand::new(self.turns.iter().map(|turn| turn.2).sum())
///     }
///     fn dispatch(&mut self, mut events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T> {
///         while !events.is_empty() {
///             let Some(at) = self.turns.iter().position(|turn| turn.2 > 0) else { break };
///             self.turns.rotate_left(at);
///             let Some(turn) = self.turns.front_mut() else { break };
///             let n = turn.1.min(turn.2).min(events.len());
///             turn.2 -= n;
///             deliver.send(turn.0, events.split_front(n));
///             self.turns.rotate_left(1);
///         }
///         events
///     }
/// }
///
/// let mut weighted = Weighted { turns: Default::default() };
/// weighted.subscribe(0, &Subscribe::<char>::new().with(Weight(3)), 0)?;
/// weighted.subscribe(1, &Subscribe::<char>::new(), 1)?;
/// let (left, sent) = Deliver::collect(|deliver| {
///     weighted.ask(0, Demand::new(10), deliver);
///     weighted.ask(1, Demand::new(10), deliver);
///     weighted.dispatch(vec!['a', 'b', 'c', 'd', 'e', 'f'].into(), deliver)
/// });
/// let sent: Vec<_> = sent.into_iter().map(|(sub, events)| (sub, events.values)).collect();
/// assert!(left.is_empty());
/// assert_eq!(sent, [(0, vec!['a', 'b', 'c']), (1, vec!['d']), (0, vec!['e', 'f'])]);
/// # Ok::<(), String>(())
/// ```
pub trait Dispatch<T>: Send {
    /// There is a new subscription, which has asked for nothing yet. `consumer` is the same number for all
    /// subscriptions of one consumer, and of no other.
    ///
    /// # Errors
    /// Why it cannot be accepted, and what to do: the consumer is told, and goes on.
    fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, consumer: usize) -> Result<(), String>;

    /// The subscription has ended, and its demand with it. It is told once.
    fn cancel(&mut self, sub: Sub);

    /// The subscription takes `demand` more events; asks add up. What rests inside for it can be sent now.
    fn ask(&mut self, sub: Sub, demand: Demand, deliver: &mut Deliver<'_, T>);

    /// How many events could be dispatched now. Called often: it should be a number that is there already.
    fn demand(&self) -> Demand;

    /// Sends what can be sent of `events`, which are some, and gives back the rest. There may be more of them than
    /// [`demand`](Dispatch::demand): a producer may emit what nobody has asked for. What is given back waits in the
    /// producer's buffer and comes again, at the head, when there is demand.
    fn dispatch(&mut self, events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T>;

    /// How many events rest inside: neither sent nor given back. A pipeline has not ended before that is nought.
    fn resting(&self) -> usize {
        0
    }

    /// Sets the mark `id` behind all events that rest inside, for the message that a stage wants to get after them.
    /// False if none do.
    fn mark(&mut self, id: u64) -> bool {
        let _ = id;
        false
    }

    /// The next mark that has no event before it any more, in the order in which they were set; each is said once.
    fn passed(&mut self) -> Option<u64> {
        None
    }

    /// Why the stage cannot go on, if it cannot; said once. The stage ends with this text.
    fn take_fault(&mut self) -> Option<String> {
        None
    }

    /// The events that were dropped since the last time: they are counted, and shown to the stage's `on_discarded`.
    fn take_discarded(&mut self) -> Vec<Events<T>> {
        Vec::new()
    }

    /// Ready for a stage: those of stagekit are called without indirection.
    #[doc(hidden)]
    fn into_dispatcher(self) -> IntoDispatcher<T>
    where
        Self: Sized + 'static,
    {
        IntoDispatcher(Dispatcher::Custom(Guarded::new(Box::new(self))))
    }
}

/// A dispatcher, ready for a stage.
#[doc(hidden)]
pub struct IntoDispatcher<T>(pub(crate) Dispatcher<T>);

impl<T> std::fmt::Debug for IntoDispatcher<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IntoDispatcher")
    }
}

/// Where a dispatcher sends its events.
pub struct Deliver<'a, T> {
    pub(super) send: &'a mut dyn FnMut(Sub, Batch<T>),
}

impl<T> std::fmt::Debug for Deliver<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Deliver")
    }
}

impl<'a, T> Deliver<'a, T> {
    pub(crate) fn new(send: &'a mut dyn FnMut(Sub, Batch<T>)) -> Self {
        Deliver { send }
    }

    /// Sends events to a subscription, as one batch. No events are no batch.
    pub fn send(&mut self, sub: Sub, events: Events<T>) {
        if !events.is_empty() {
            (self.send)(sub, Batch::Owned(events));
        }
    }

    /// Runs `f` and gives its result with everything that was sent: for tests of a dispatcher without a stage.
    ///
    pub fn collect<R>(f: impl FnOnce(&mut Deliver<'_, T>) -> R) -> (R, Vec<(Sub, Events<T>)>) {
        let mut sent = Vec::new();
        let result = f(&mut Deliver::new(&mut |sub, batch| {
            if let Batch::Owned(events) = batch {
                sent.push((sub, events));
            }
        }));
        (result, sent)
    }
}

/// A dispatcher of the user's, held to the contract: the stage's books are right whatever it does.
pub(crate) struct Guarded<T> {
    inner: Box<dyn Dispatch<T>>,
    books: Books<T>,
}

struct Books<T> {
    /// By subscription: asked for and not sent. One that owes nothing has no key.
    owed: Heap<u64>,
    total: u128,
    /// What was sent against the contract: it reached nobody.
    refused: Vec<Events<T>>,
    fault: Option<String>,
}

impl<T> Books<T> {
    /// Sends what may be sent.
    fn check(&mut self, sub: Sub, mut batch: Batch<T>, send: &mut dyn FnMut(Sub, Batch<T>)) {
        let owed = self.owed.get(sub as u32).unwrap_or(0);
        let n = batch.len() as u64;
        let may = n.min(owed);
        if may < n {
            let wrong = if self.owed.knows(sub as u32) {
                format!(
                    "the dispatcher sent {n} events to subscription {sub}, which had asked for {owed}: it must keep count of what it sends"
                )
            } else {
                format!(
                    "the dispatcher sent {n} events to subscription {sub}, which does not exist: it must forget a subscription that is cancelled"
                )
            };
            self.fault.get_or_insert(wrong);
        }
        if may > 0 {
            self.total -= u128::from(may);
            if may == owed {
                self.owed.unset(sub as u32);
            } else {
                self.owed.set(sub as u32, owed - may);
            }
            if may == n {
                return send(sub, batch);
            }
            send(sub, batch.split_front(may as usize));
        }
        if let Batch::Owned(events) = batch {
            self.refused.push(events);
        }
    }
}

impl<T> Guarded<T> {
    fn new(inner: Box<dyn Dispatch<T>>) -> Self {
        Guarded { inner, books: Books { owed: Heap::new(), total: 0, refused: Vec::new(), fault: None } }
    }

    pub(super) fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, consumer: usize) -> Result<(), String> {
        self.inner.subscribe(sub, options, consumer)?;
        self.books.owed.join(sub as u32);
        Ok(())
    }

    pub(super) fn ask(&mut self, sub: Sub, n: usize, send: &mut dyn FnMut(Sub, Batch<T>)) {
        let Guarded { inner, books } = self;
        if n == 0 || !books.owed.knows(sub as u32) {
            return;
        }
        let before = books.owed.get(sub as u32).unwrap_or(0);
        let owed = before.saturating_add(n as u64);
        books.total += u128::from(owed - before);
        books.owed.set(sub as u32, owed);
        inner.ask(sub, Demand::new(n), &mut Deliver::new(&mut |sub, batch| books.check(sub, batch, send)));
    }

    pub(super) fn cancel(&mut self, sub: Sub) {
        if self.books.owed.knows(sub as u32) {
            self.books.total -= u128::from(self.books.owed.leave(sub as u32).unwrap_or(0));
            self.inner.cancel(sub);
        }
    }

    pub(super) fn demand(&self) -> usize {
        self.inner.demand().get().min(usize::try_from(self.books.total).unwrap_or(usize::MAX))
    }

    pub(super) fn resting(&self) -> usize {
        self.inner.resting()
    }

    pub(super) fn dispatch(&mut self, events: Events<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Events<T>> {
        let Guarded { inner, books } = self;
        let left = inner.dispatch(events, &mut Deliver::new(&mut |sub, batch| books.check(sub, batch, send)));
        (!left.is_empty()).then_some(left)
    }

    pub(super) fn mark(&mut self, id: u64) -> bool {
        self.inner.mark(id)
    }

    pub(super) fn passed(&mut self) -> Option<u64> {
        self.inner.passed()
    }

    pub(super) fn take_fault(&mut self) -> Option<String> {
        self.books.fault.take().or_else(|| self.inner.take_fault())
    }

    pub(super) fn take_discarded(&mut self) -> Vec<Events<T>> {
        let mut discarded = std::mem::take(&mut self.books.refused);
        discarded.extend(self.inner.take_discarded());
        discarded
    }
}
