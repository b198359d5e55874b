//! What an outlet does besides for a live stage: it tells demand once, keeps infos in order with events, and can hold
//! everything back.

use std::any::Any;
use std::collections::VecDeque;
use std::task::Context;

use super::{DISCARDED, Outlet, Sub};
use crate::cancel::Ended;
use crate::error::Cause;
use crate::options::Overflow;
use crate::receipt::Events;
use crate::subscribe::Subscription;
#[cfg(any(test, feature = "test"))]
use crate::subscription::Door;
use crate::subscription::{Subscriber, Up};
#[cfg(any(test, feature = "test"))]
use crate::sync::Arc;

/// The books of a live producer.
pub(super) struct Books<T> {
    /// Demand that the producer was told and has not answered with events. It outlives the consumer that had it: what
    /// the producer owes is not asked for again (R21), and reaches whoever asks next.
    told: usize,
    /// Demand it was not told yet, one entry for each ask (R9): it is told one by one, and never in sum.
    untold: VecDeque<usize>,
    queued: usize,
    /// Infos that wait in the buffer, by the position of the event behind which they stand, oldest first.
    infos: VecDeque<(u64, Box<dyn Any + Send>)>,
    /// Where a batch ends that was held back: it goes out as it came (R13).
    ends: VecDeque<u64>,
    /// Infos that wait for what the dispatcher keeps, oldest first.
    inside: VecDeque<Box<dyn Any + Send>>,
    /// Infos whose turn has come.
    due: VecDeque<Box<dyn Any + Send>>,
    /// Nothing goes out, and no demand is told (GenStage's `:accumulate`).
    accumulates: bool,
    /// What the dispatcher has discarded, by its declared policy.
    pub(super) discarded: Vec<Events<T>>,
}

impl<T> Books<T> {
    fn new(accumulates: bool) -> Self {
        Books {
            told: 0,
            untold: VecDeque::new(),
            queued: 0,
            infos: VecDeque::new(),
            ends: VecDeque::new(),
            inside: VecDeque::new(),
            due: VecDeque::new(),
            accumulates,
            discarded: Vec::new(),
        }
    }
}

impl<T> Outlet<T> {
    /// Whether events are kept back.
    pub(super) fn is_held(&self) -> bool {
        self.books.as_ref().is_some_and(|books| books.accumulates)
    }

    /// How many events may leave the buffer together: up to an info, which has its turn then (R16).
    pub(super) fn until_mark(&self) -> usize {
        let Some(books) = &self.books else { return usize::MAX };
        let info = books.infos.front().map(|(position, _)| *position);
        let first = books.ends.front().copied().into_iter().chain(info).min();
        first.map_or(usize::MAX, |position| position.saturating_sub(self.buffer.position_out()) as usize)
    }

    /// Infos whose events have left the buffer go on to the dispatcher, or are due.
    pub(super) fn pass_marks(&mut self) {
        let Some(books) = &mut self.books else { return };
        let out = self.buffer.position_out();
        while books.ends.front().is_some_and(|position| *position <= out) {
            books.ends.pop_front();
        }
        while books.infos.front().is_some_and(|(position, _)| *position <= out) {
            let Some((_, info)) = books.infos.pop_front() else { break };
            if self.dispatcher.mark(0) {
                books.inside.push_back(info);
            } else {
                books.due.push_back(info);
            }
        }
        while self.dispatcher.passed().is_some() {
            books.due.extend(books.inside.pop_front());
        }
    }
}

impl<T: Send + 'static> Outlet<T> {
    /// From now on it belongs to a live stage.
    pub(crate) fn enliven(&mut self, accumulates: bool) {
        self.erase_line();
        self.books = Some(Box::new(Books::new(accumulates)));
    }

    /// There are no subscriptions, and there will be.
    pub(crate) fn await_subscriptions(&mut self) {
        self.leads_nowhere = false;
    }

    /// The next message, in order.
    pub(crate) fn hear(&mut self, cx: &mut Context<'_>) -> Option<Up<T>> {
        if self.listen_to_legs(cx) {
            self.recount();
        }
        if self.read.is_empty() && self.door.inbox.drain(cx, &mut self.armed, &mut self.read) {
            self.read.reverse();
        }
        self.read.pop()
    }

    /// Where it is reached.
    #[cfg(any(test, feature = "test"))]
    pub(crate) fn door(&self) -> &Arc<Door<T>> {
        &self.door
    }

    /// How many others hold the way to it.
    #[cfg(any(test, feature = "test"))]
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.door) - 1
    }

    /// How many subscriptions there are.
    pub(crate) fn subscriptions(&self) -> usize {
        self.present
    }

    /// How many events are buffered.
    pub(crate) fn buffered(&self) -> usize {
        self.resting()
    }

    /// Whether its consumers want more than is buffered.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.is_held() && (self.is_open_ended() || self.dispatcher.demand() > self.buffer.len())
    }

    /// Whether its buffer is full, so that whoever pushes has to wait.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self.overflow, Some((capacity, Overflow::Wait)) if self.buffer.len() >= capacity)
    }

    /// The subscriptions that were there from the beginning, for the user.
    pub(crate) fn wired(&self) -> Vec<Subscription> {
        let handle = |sub: &Sub<T>| Subscription { tag: sub.tag, consumer: sub.target.inbox.clone() };
        self.subs.iter().flatten().map(handle).collect()
    }

    /// The subscription of a message, for the user.
    pub(crate) fn handle_of(&self, sub: u32) -> Option<Subscription> {
        let Sub { target, tag, .. } = self.subs.get(sub as usize)?.as_ref()?;
        Some(Subscription { tag: *tag, consumer: target.inbox.clone() })
    }

    /// A subscription's demand.
    pub(crate) fn asked(&mut self, sub: u32, demand: usize) {
        self.ask(sub, demand);
        self.recount();
    }

    pub(crate) fn subscribed(&mut self, subscriber: Subscriber<T>) {
        self.accept(subscriber);
        self.recount();
    }

    pub(crate) fn cancelled(&mut self, sub: u32, ended: Ended) {
        self.cancel(sub, ended);
        self.recount();
    }

    /// Serves the buffer, and finds out what demand the producer was not told.
    fn recount(&mut self) {
        self.flush();
        self.pass_marks();
        let want = self.dispatcher.demand().saturating_sub(self.buffer.len());
        let Some(books) = &mut self.books else { return };
        let known = books.told.saturating_add(books.queued);
        if want > known {
            books.untold.push_back(want - known);
            books.queued = books.queued.saturating_add(want - known);
        }
        // What a consumer that is gone has asked for is taken back, as far as nobody was told.
        let mut over = known.saturating_sub(want).min(books.queued);
        while over > 0 {
            let Some(last) = books.untold.back_mut() else { break };
            let part = over.min(*last);
            *last -= part;
            over -= part;
            books.queued -= part;
            if *last == 0 {
                books.untold.pop_back();
            }
        }
    }

    /// The next demand that the producer is to be told; it is told with this.
    pub(crate) fn tell(&mut self) -> Option<usize> {
        let nobody = self.is_open_ended();
        let books = self.books.as_mut().filter(|books| !books.accumulates)?;
        if nobody && books.told == 0 && books.untold.is_empty() {
            books.told = DISCARDED;
            return Some(DISCARDED);
        }
        let demand = books.untold.pop_front()?;
        books.queued -= demand;
        books.told = books.told.saturating_add(demand);
        Some(demand)
    }

    /// Dispatches what the stage has emitted.
    pub(crate) fn emit(&mut self, events: Events<T>) -> Result<Vec<Events<T>>, usize> {
        let n = events.len();
        // Who was told that there is no limit is not told again (Reactive Streams, rule 3.17).
        if let Some(books) = self.books.as_mut().filter(|books| books.told < usize::MAX) {
            books.told = books.told.saturating_sub(n);
        }
        let discarded = self.publish(events);
        if let Some(books) = self.books.as_mut().filter(|books| books.accumulates) {
            books.ends.push_back(self.buffer.position_in());
        }
        // What was dropped may have had infos behind it.
        self.pass_marks();
        // R27, R28: what nobody wanted has cost no demand, and the producer is told of it again.
        self.recount();
        discarded
    }

    /// Puts an info behind the events that are there; gives it back if there are none.
    pub(crate) fn info(&mut self, info: Box<dyn Any + Send>) -> Option<Box<dyn Any + Send>> {
        let books = self.books.as_mut()?;
        if !self.buffer.is_empty() {
            books.infos.push_back((self.buffer.position_in(), info));
            return None;
        }
        if self.dispatcher.mark(0) {
            books.inside.push_back(info);
            return None;
        }
        Some(info)
    }

    /// What the dispatcher has discarded, for the user to see; and what is wrong with the dispatcher, if it is.
    pub(crate) fn news(&mut self) -> (Vec<Events<T>>, Option<Cause>) {
        let discarded = self.books.as_mut().map(|books| std::mem::take(&mut books.discarded));
        (discarded.unwrap_or_default(), self.fault.take().or_else(|| self.dispatcher.take_fault()))
    }

    /// The next info whose turn has come.
    pub(crate) fn due(&mut self) -> Option<Box<dyn Any + Send>> {
        self.books.as_mut()?.due.pop_front()
    }

    /// Holds everything back, or lets it go: first what was emitted, then the demand, each as it came (R13).
    pub(crate) fn accumulate(&mut self, on: bool) {
        if let Some(books) = &mut self.books {
            books.accumulates = on;
        }
        self.recount();
    }

    pub(crate) fn accumulates(&self) -> bool {
        self.is_held()
    }
}
