//! The outlet: the producing half of a running stage. It owns the dispatcher, the buffer, and the inbox of asks.

mod asks;
mod leg;
mod line;
mod live;

use std::collections::VecDeque;
use std::task::Waker;

use crate::batch::Batch;
use crate::buffer::Buffer;
use crate::cancel::{Ended, Reason};
use crate::dispatcher::{Broadcast, DemandDispatcher, Dispatcher, Leg, Partition};
use crate::error::Cause;
use crate::fuzz;
use crate::options::Overflow;
use crate::port::Group;
use crate::receipt::Events;
use crate::ring::Ring;
use crate::subscribe::fresh_tag;
use crate::subscription::{Door, Down, Subscriber, Target, Up};
use crate::sync::Arc;
use crate::telemetry::{Count, Metered};

pub(crate) use leg::BranchOutlet;

/// How many events a stage whose events are discarded makes in one turn.
const DISCARDED: usize = 4000;

/// A subscription, at its producer.
struct Sub<T> {
    target: Target<T>,
    tag: u64,
    /// The stage is not wanted any longer when it is cancelled: it was made by the graph.
    vital: bool,
    /// The ring that both of its stages stand on.
    ring: Option<Arc<Ring>>,
}

/// The producing half of a running stage.
pub(crate) struct Outlet<T> {
    door: Arc<Door<T>>,
    armed: Option<Waker>,
    /// Messages that were read and not looked at. A live stage looks at them one by one, last first.
    read: Vec<Up<T>>,
    subs: Vec<Option<Sub<T>>>,
    present: usize,
    dispatcher: Dispatcher<T>,
    /// The demand as it came in: events are made for one ask at a time (R9), so that what one ask brings travels, and
    /// is handled, as one batch. A message made for two asks would be cut again.
    asks: VecDeque<usize>,
    buffer: Buffer<T>,
    overflow: Option<(usize, Overflow)>,
    /// The longest batch that a consumer handles at once.
    lump: usize,
    /// How much may wait here where this is the leg of a `match`.
    bound: usize,
    /// A consumer finds its own demand.
    tuned: bool,
    /// The graph leads nowhere from here: `=> _`, or the stage is a consumer.
    leads_nowhere: bool,
    discard: bool,
    meter: Arc<dyn Metered>,
    /// A consumer has cancelled.
    cancelled: bool,
    draining: bool,
    /// Why the dispatcher cannot go on.
    fault: Option<Cause>,
    /// What only a live stage keeps.
    books: Option<Box<live::Books<T>>>,
    /// The only subscription of a graph's stage: its demand is kept there, and not by the dispatcher.
    line: Option<Box<line::Line<T>>>,
    /// How many stages before it are run by the same task.
    depth: u32,
}

impl<T> Outlet<T> {
    /// `targets` are numbered as the door has numbered them.
    pub(crate) fn new(
        door: Arc<Door<T>>,
        targets: Vec<Target<T>>,
        dispatcher: Dispatcher<T>,
        discard: bool,
        overflow: Option<(usize, Overflow)>,
        lump: usize,
        meter: Arc<dyn Metered>,
    ) -> Self {
        Outlet {
            lump,
            bound: usize::MAX,
            tuned: false,
            door,
            armed: None,
            read: Vec::new(),
            leads_nowhere: targets.is_empty() && !matches!(dispatcher, Dispatcher::Branches(_)),
            present: targets.len(),
            subs: targets
                .into_iter()
                .map(|target| Some(Sub { target, tag: fresh_tag(), vital: true, ring: None }))
                .collect(),
            dispatcher,
            asks: VecDeque::new(),
            buffer: Buffer::new(),
            overflow,
            discard,
            meter,
            cancelled: false,
            draining: false,
            fault: None,
            books: None,
            line: None,
            depth: 0,
        }
    }

    /// Subscription `sub` does not lead away from this ring: what is delivered on it stays on it.
    pub(crate) fn stays_on(&mut self, sub: u32, ring: &Arc<Ring>) {
        if let Some(Some(sub)) = self.subs.get_mut(sub as usize) {
            sub.ring = Some(ring.clone());
        }
    }

    /// The dispatcher for these groups, whose subscriptions are numbered through.
    pub(crate) fn dispatcher(groups: &[Group<T>], subs: &[(usize, Vec<(usize, usize)>)]) -> Dispatcher<T> {
        let of =
            |group: usize| subs.iter().filter(move |(at, _)| *at == group).flat_map(|(_, subs)| subs.iter().copied());
        match groups {
            [only] => match &only.key {
                Some(key) => Dispatcher::Partition(Partition::by_key(key.clone(), of(0))),
                None => Dispatcher::Demand(DemandDispatcher::of(of(0).map(|(sub, _)| sub))),
            },
            many => {
                let leg = |(at, group): (usize, &Group<T>)| {
                    let subs = of(at).map(|(sub, _)| sub).collect();
                    group.copier.clone().map(|copier| Leg { subs, copier })
                };
                Dispatcher::Broadcast(Broadcast::of(many.iter().enumerate().filter_map(leg).collect(), None))
            }
        }
    }

    /// How many events may be made now: the demand of the oldest ask that no buffered event will meet.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        if let Some(line) = &self.line {
            let demand = line.demand().saturating_sub(self.buffer.len());
            // A guest handles at once what it is given, however many asks it was, and keeps no asks here.
            return self.asks.front().map_or(demand, |&ask| ask.min(demand));
        }
        self.room_elsewhere()
    }

    fn room_elsewhere(&self) -> usize {
        if self.is_open_ended() {
            return DISCARDED;
        }
        let demand = self.dispatcher.demand().saturating_sub(self.buffer.len());
        self.asks.front().map_or(demand, |&ask| ask.min(demand))
    }

    /// `n` events were dispatched: so much of the oldest asks is met.
    fn meet(&mut self, mut n: usize) {
        while let Some(ask) = self.asks.front_mut() {
            let part = n.min(*ask);
            *ask -= part;
            n -= part;
            if *ask > 0 {
                return;
            }
            self.asks.pop_front();
        }
    }

    /// A consumer finds its own demand.
    pub(crate) fn set_tuned(&mut self) {
        self.tuned = true;
    }

    /// Whether a consumer finds its own demand.
    pub(crate) fn is_tuned(&self) -> bool {
        self.tuned
    }

    /// How many events travel best together: what a consumer handles at once. It would cut a longer batch (R2).
    pub(crate) fn lump(&self) -> usize {
        match self.dispatcher {
            // It is shared out.
            Dispatcher::Partition(_) => self.lump.saturating_mul(self.present.max(1)),
            _ => self.lump,
        }
    }

    /// The room of a producer that may run ahead of demand into its buffer.
    pub(crate) fn room_ahead(&self) -> usize {
        match self.overflow {
            Some((capacity, Overflow::Wait)) => {
                // Demand may be unlimited (Reactive Streams 3.17).
                self.room().saturating_add(capacity.saturating_sub(self.buffer.len()))
            }
            _ => self.room(),
        }
    }

    /// Whether the producer never waits: what is too much is dropped, or fails.
    pub(crate) fn overflows(&self) -> bool {
        self.overflow.is_some_and(|(_, policy)| policy != Overflow::Wait)
    }

    /// Dispatches events; what nobody asked for is buffered. Gives how many were discarded, or, as an error, the
    /// capacity of a buffer that must not overflow and did.
    pub(crate) fn publish(&mut self, events: Events<T>) -> Result<Vec<Events<T>>, usize> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        if self.is_open_ended() {
            if self.discard {
                events.acknowledge();
            }
            return Ok(Vec::new());
        }
        if self.line.is_some() {
            self.give_some(events);
            return Ok(Vec::new());
        }
        let n = events.len();
        if self.buffer.is_empty() && !self.is_held() {
            let (subs, lost) = (&mut self.subs, &self.meter.meter().lost);
            if let Dispatcher::Demand(demand) = &mut self.dispatcher
                && let Some(sub) = demand.only(events.len())
            {
                deliver(subs, lost, sub, Batch::Owned(events));
                self.meet(n);
            } else if let Some(left) =
                self.dispatcher.dispatch(events, &mut |sub, batch| deliver(subs, lost, sub, batch))
            {
                self.meet(n.saturating_sub(left.len()));
                self.buffer.push(left);
            } else {
                self.meet(n);
            }
        } else {
            self.buffer.push(events);
            self.flush();
        }
        let mut discarded = Ok(Vec::new());
        if let Some((capacity, policy)) = self.overflow
            && self.buffer.len() > capacity
        {
            let dropped = self.buffer.trim(capacity, policy);
            self.meter.meter().discarded.add(dropped.iter().map(Events::len).sum::<usize>() as u64);
            discarded = if policy == Overflow::Fail { Err(capacity) } else { Ok(dropped) };
        }
        self.show();
        discarded
    }

    /// The buffer goes first, whenever there is demand.
    fn flush(&mut self) {
        if let Some(line) = &self.line
            && self.buffer.is_empty()
        {
            self.meter.meter().demand.set(line.demand() as u64);
            return;
        }
        self.feed();
        while !self.buffer.is_empty() && !self.is_held() {
            let demand = self.dispatcher.demand().min(self.until_mark());
            if demand == 0 {
                break;
            }
            // A live stage's consumers handle batches, as large as they have asked for (R9). Elsewhere they are pointers.
            let events = if self.books.is_some() { self.buffer.gather(demand) } else { self.buffer.take(demand) };
            let n = events.len();
            let (subs, lost) = (&mut self.subs, &self.meter.meter().lost);
            if let Some(left) = self.dispatcher.dispatch(events, &mut |sub, batch| deliver(subs, lost, sub, batch)) {
                self.meet(n.saturating_sub(left.len()));
                self.buffer.put_back(left);
                break;
            }
            self.meet(n);
            self.pass_marks();
        }
        self.show();
    }

    fn show(&mut self) {
        if let Dispatcher::Demand(_) | Dispatcher::Broadcast(_) = self.dispatcher {
            // They discard nothing, and nothing rests in them.
            let meter = self.meter.meter();
            let demand = self.line.as_ref().map_or_else(|| self.dispatcher.demand(), |line| line.demand());
            meter.demand.set(demand as u64);
            meter.buffered.set(self.buffer.len() as u64);
            if let Some(fault) = self.dispatcher.take_fault() {
                self.fault.get_or_insert(fault);
                let lost = self.dispatcher.take_lost();
                self.meter.meter().lose(lost);
            }
            return;
        }
        let discarded = self.dispatcher.take_discarded();
        if !discarded.is_empty() {
            self.meter.meter().discarded.add(discarded.iter().map(Events::len).sum::<usize>() as u64);
            if let Some(books) = &mut self.books {
                books.discarded.extend(discarded);
            }
        }
        let meter = self.meter.meter();
        meter.demand.set(self.dispatcher.demand() as u64);
        meter.buffered.set((self.buffer.len() + self.dispatcher.resting()) as u64);
        if let Some(fault) = self.dispatcher.take_fault() {
            self.fault.get_or_insert(fault);
        }
        if let Dispatcher::Branches(_) = &self.dispatcher {
            let lost = self.dispatcher.take_lost();
            self.meter.meter().lose(lost);
        }
        if matches!(self.dispatcher, Dispatcher::Partition(_) | Dispatcher::Branches(_) | Dispatcher::Custom(_)) {
            meter.unplaced.set(self.dispatcher.unplaced());
            meter.filtered.set(self.dispatcher.filtered());
            if let Some(hot) = self.dispatcher.hot() {
                self.meter.meter().set_hot(hot.times, hot.partition);
            }
        }
    }

    /// Why its stage cannot go on, said once: to be asked after it has listened, and after it has published.
    #[inline]
    pub(crate) fn take_fault(&mut self) -> Option<Cause> {
        self.fault.take()
    }

    /// `n` events will never be published.
    pub(crate) fn lose(&self, n: usize) {
        self.meter.meter().lost.add(n as u64);
    }

    /// How many events wait for demand.
    pub(crate) fn resting(&self) -> usize {
        self.buffer.len() + self.dispatcher.resting()
    }

    /// Whether there is nobody who could ask.
    pub(crate) fn is_open_ended(&self) -> bool {
        self.leads_nowhere && self.present == 0
    }

    /// Whether every event has been delivered.
    pub(crate) fn is_clear(&self) -> bool {
        self.resting() == 0
    }

    /// Whether nothing waits for demand: the next event would be dispatched at once.
    pub(crate) fn is_ready(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether there are no edges, and events are not to be discarded.
    pub(crate) fn leads_nowhere(&self) -> bool {
        self.leads_nowhere && !self.discard
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Whether a consumer has cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Tells every consumer, once, that there will be no more (l08).
    pub(crate) fn end(&mut self, ended: &Ended) {
        let line = self.line.take();
        for Sub { target, .. } in self.subs.iter_mut().filter_map(Option::take) {
            let _ = target.inbox.send(Down::Ended { sub: target.sub, ended: ended.clone() });
        }
        if let Dispatcher::Branches(branches) = &mut self.dispatcher {
            branches.end(ended);
        }
        self.present = 0;
        self.meter.meter().demand.set(0);
        Self::end_line(line);
    }
}

fn deliver<T>(subs: &mut [Option<Sub<T>>], lost: &Count, sub: usize, mut batch: Batch<T>) {
    if let Some(at) = fuzz::split(batch.len()) {
        let front = batch.split_front(at);
        deliver(subs, lost, sub, front);
    }
    let refused = match subs.get(sub) {
        Some(Some(Sub { target, ring, .. })) => {
            if let Some(ring) = ring {
                ring.enter(batch.len());
            }
            target.inbox.send(Down::Events { sub: target.sub, batch }).err()
        }
        _ => Some(Down::Events { sub: 0, batch }),
    };
    if let Some(Down::Events { batch, .. }) = refused {
        // The consumer is gone and has said so in our inbox. Its events come back; their receipts fail here.
        lost.add(batch.len() as u64);
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        self.meter.meter().discarded.add(self.resting() as u64);
        self.meter.meter().buffered.set(0);
        self.end(&Ended::Down(Reason::error("aborted")));
        for message in self.read.drain(..).chain(self.door.inbox.close()) {
            if let Up::Subscribe(subscriber) = message {
                let Subscriber { target: Some(target), confirm, .. } = *subscriber else { continue };
                if let Some(confirm) = confirm {
                    let _ = confirm.send(Err(Reason::NotAlive));
                }
                let _ = target.inbox.send(Down::Ended { sub: target.sub, ended: Ended::Down(Reason::NotAlive) });
            }
        }
    }
}
