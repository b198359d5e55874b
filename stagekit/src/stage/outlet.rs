//! The outlet: the producing half of a running stage. It owns the dispatcher, the buffer, and the inbox of asks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::batch::Batch;
use crate::buffer::Buffer;
use crate::dispatcher::{Broadcast, DemandDispatcher, Dispatcher, Leg, Partition};
use crate::options::Overflow;
use crate::port::{Group, Target};
use crate::receipt::Events;
use crate::subscription::{Down, Inbox, Up};
use crate::telemetry::{Count, Meter};

/// How many events a stage whose events are discarded makes in one turn.
const DISCARDED: usize = 4000;

/// The producing half of a running stage.
pub(crate) struct Outlet<T> {
    inbox: Arc<Inbox<Up>>,
    armed: Option<Waker>,
    read: Vec<Up>,
    subs: Vec<Option<Target<T>>>,
    dispatcher: Dispatcher<T>,
    /// The demand as it came in: events are made for one ask at a time (R9), so that what one ask brings travels, and
    /// is handled, as one batch. A message made for two asks would be cut again.
    asks: VecDeque<usize>,
    buffer: Buffer<T>,
    overflow: Option<(usize, Overflow)>,
    /// The longest batch that a consumer handles at once.
    lump: usize,
    /// There are no subscriptions and never will be: `=> _`, or the stage is a consumer.
    open_ended: bool,
    discard: bool,
    meter: Arc<Meter>,
    /// A consumer has cancelled.
    cancelled: bool,
    draining: bool,
}

impl<T> Outlet<T> {
    /// `groups` say which of `subs` belong together.
    pub(crate) fn new(
        inbox: Arc<Inbox<Up>>,
        subs: Vec<Target<T>>,
        dispatcher: Dispatcher<T>,
        discard: bool,
        overflow: Option<(usize, Overflow)>,
        lump: usize,
        meter: Arc<Meter>,
    ) -> Self {
        Outlet {
            lump,
            inbox,
            armed: None,
            read: Vec::new(),
            open_ended: subs.is_empty(),
            subs: subs.into_iter().map(Some).collect(),
            dispatcher,
            asks: VecDeque::new(),
            buffer: Buffer::new(),
            overflow,
            discard,
            meter,
            cancelled: false,
            draining: false,
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

    /// Reads asks and cancels. Says whether there were any.
    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.inbox.drain(cx, &mut self.armed, &mut self.read) {
            return false;
        }
        for message in self.read.drain(..) {
            match message {
                Up::Ask { sub, demand } => {
                    let sub = sub as usize;
                    if self.subs.get(sub).is_some_and(Option::is_some) {
                        let (subs, lost) = (&mut self.subs, &self.meter.lost);
                        let before = self.dispatcher.demand();
                        self.dispatcher.ask(sub, demand, &mut |sub, batch| deliver(subs, lost, sub, batch));
                        let told = match self.dispatcher {
                            // It holds all demand back while it is full, and gives it out again: not news.
                            Dispatcher::Partition(_) => demand,
                            _ => self.dispatcher.demand().saturating_sub(before),
                        };
                        if before == 0 && self.buffer.is_empty() {
                            self.asks.clear();
                        }
                        if told > 0 {
                            self.asks.push_back(told);
                        }
                    }
                }
                Up::Cancel { sub } => {
                    let sub = sub as usize;
                    // l08: a subscription ends once; a second word about it is not heard.
                    if self.subs.get_mut(sub).and_then(Option::take).is_some() {
                        self.dispatcher.cancel(sub);
                        self.cancelled = true;
                    }
                }
                Up::Drain => self.draining = true,
            }
        }
        self.flush();
        true
    }

    /// How many events may be made now: the demand of the oldest ask that no buffered event will meet.
    pub(crate) fn room(&self) -> usize {
        if self.open_ended {
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

    /// How many events travel best together: what a consumer handles at once. It would cut a longer batch (R2).
    pub(crate) fn lump(&self) -> usize {
        self.lump
    }

    /// The room of a producer that may run ahead of demand into its buffer.
    pub(crate) fn room_ahead(&self) -> usize {
        match self.overflow {
            Some((capacity, Overflow::Wait)) => self.room() + capacity.saturating_sub(self.buffer.len()),
            _ => self.room(),
        }
    }

    /// Whether the producer never waits: what is too much is dropped, or fails.
    pub(crate) fn overflows(&self) -> bool {
        self.overflow.is_some_and(|(_, policy)| policy != Overflow::Wait)
    }

    /// Dispatches events; what nobody asked for is buffered. Gives how many were discarded, or, as an error, the
    /// capacity of a buffer that must not overflow and did.
    pub(crate) fn publish(&mut self, events: Events<T>) -> Result<usize, usize> {
        if events.is_empty() {
            return Ok(0);
        }
        if self.open_ended {
            if self.discard {
                events.acknowledge();
            }
            return Ok(0);
        }
        let n = events.len();
        if self.buffer.is_empty() {
            let (subs, lost) = (&mut self.subs, &self.meter.lost);
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
        let mut discarded = Ok(0);
        if let Some((capacity, policy)) = self.overflow
            && self.buffer.len() > capacity
        {
            let dropped: usize = self.buffer.trim(capacity, policy).iter().map(Events::len).sum();
            self.meter.discarded.add(dropped as u64);
            discarded = if policy == Overflow::Fail { Err(capacity) } else { Ok(dropped) };
        }
        self.show();
        discarded
    }

    /// The buffer goes first, whenever there is demand.
    fn flush(&mut self) {
        while !self.buffer.is_empty() {
            let demand = self.dispatcher.demand();
            if demand == 0 {
                break;
            }
            let events = self.buffer.take(demand);
            let n = events.len();
            let (subs, lost) = (&mut self.subs, &self.meter.lost);
            if let Some(left) = self.dispatcher.dispatch(events, &mut |sub, batch| deliver(subs, lost, sub, batch)) {
                self.meet(n.saturating_sub(left.len()));
                self.buffer.put_back(left);
                break;
            }
            self.meet(n);
        }
        self.show();
    }

    fn show(&mut self) {
        let discarded: usize = self.dispatcher.take_discarded().iter().map(Events::len).sum();
        if discarded > 0 {
            self.meter.discarded.add(discarded as u64);
        }
        self.meter.demand.set(self.dispatcher.demand() as u64);
        self.meter.buffered.set(self.resting() as u64);
    }

    fn resting(&self) -> usize {
        self.buffer.len() + self.dispatcher.resting()
    }

    /// Whether there is nobody who could ask.
    pub(crate) fn is_open_ended(&self) -> bool {
        self.open_ended
    }

    /// Whether every event has been delivered.
    pub(crate) fn is_clear(&self) -> bool {
        self.resting() == 0
    }

    /// Whether nothing waits for demand: the next event would be dispatched at once.
    pub(crate) fn is_ready(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Whether a consumer has cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Tells every consumer, once, that there will be no more (l08).
    pub(crate) fn end(&mut self) {
        for target in self.subs.iter_mut().filter_map(Option::take) {
            let _ = target.inbox.send(Down::Ended { sub: target.sub });
        }
        self.meter.demand.set(0);
    }
}

fn deliver<T>(subs: &mut [Option<Target<T>>], lost: &Count, sub: usize, batch: Batch<T>) {
    if let Some(Some(target)) = subs.get(sub)
        && let Err(Down::Events { batch, .. }) = target.inbox.send(Down::Events { sub: target.sub, batch })
    {
        // The consumer is gone and has said so in our inbox. Its events come back; their receipts fail here.
        lost.add(batch.len() as u64);
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        self.meter.discarded.add(self.resting() as u64);
        self.meter.buffered.set(0);
        self.end();
        drop(self.inbox.close());
    }
}
