//! The inlet: the consuming half of a running stage. It owns the subscriptions, their quotas, and what has arrived.

mod gate;
mod live;
mod queue;
mod subs;

use std::task::{Context, Waker};

use self::queue::{Queue, Queued};
use self::subs::Subs;
use crate::batch::Batch;
use crate::cancel::{Cancel, Ended, Reason};
use crate::port::Upstream;
use crate::quota::Quota;
use crate::receipt::Events;
use crate::subscribe::fresh_tag;
use crate::subscription::{Door, Down, Inbox, Up};
use crate::sync::Arc;
use crate::telemetry::{Meter, Metered};

struct Sub<T> {
    to: Arc<Door<T>>,
    /// Its number there.
    sub: u32,
    quota: Quota,
    tag: u64,
    /// The producer has not ended it.
    alive: bool,
    /// Our last word about it has been said.
    cancelled: bool,
    asks: Asks,
    mode: Cancel,
}

/// Who decides how much is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// The limits that were given.
    Limits,
    /// The tuner.
    Tuner,
    /// The user.
    User,
}

impl<T> Sub<T> {
    /// The longest batch that is handled at once: R2, and R8 for manual subscriptions.
    fn cut(&self) -> usize {
        if self.asks == Asks::User { usize::MAX } else { self.quota.cut() }
    }

    /// The last word about it, once (l08).
    fn cancel(&mut self, ended: Ended) {
        if !std::mem::replace(&mut self.cancelled, true) {
            let _ = self.to.send(Up::Cancel { sub: self.sub, ended });
        }
    }
}

/// What stands first in the queue.
pub(crate) enum Front {
    Batch,
    Ended,
    Info,
}

/// The consuming half of a running stage.
pub(crate) struct Inlet<T> {
    inbox: Arc<Inbox<Down<T>>>,
    armed: Option<Waker>,
    /// Messages that were read from the inbox and not looked at. A live stage looks at them one by one, last first.
    read: Vec<Down<T>>,
    subs: Subs<T>,
    alive: u32,
    queue: Queue<T>,
    /// The first of the queue is the rest of a message that was cut into batches (R2).
    begun: bool,
    opened: bool,
    /// The stage is about to end: it asks for nothing more.
    sated: bool,
    /// The stage is run by its producer's task: it asks in person.
    hosted: bool,
}

impl<T> Inlet<T> {
    /// It counts what it loses in `meter`.
    pub(crate) fn new(inbox: Arc<Inbox<Down<T>>>, ups: Vec<Upstream<T>>, meter: Arc<dyn Metered>) -> Self {
        Inlet::of(inbox, ups, Some(meter))
    }

    /// Without a meter it counts in that of its inbox.
    fn of(inbox: Arc<Inbox<Down<T>>>, ups: Vec<Upstream<T>>, meter: Option<Arc<dyn Metered>>) -> Self {
        let mut subs = Subs::None;
        for Upstream { door, sub, max, min, tuned, .. } in ups {
            let quota = Quota::new(max, min);
            let asks = if tuned { Asks::Tuner } else { Asks::Limits };
            let (mode, tag) = (Cancel::Temporary, fresh_tag());
            subs.insert(Sub { to: door, sub, quota, tag, alive: true, cancelled: false, asks, mode });
        }
        Inlet {
            inbox,
            armed: None,
            read: Vec::new(),
            alive: subs.len() as u32,
            subs,
            queue: Queue::new(meter),
            begun: false,
            opened: false,
            sated: false,
            hosted: false,
        }
    }

    fn meter(&self) -> &Meter {
        self.queue.meter().unwrap_or(&self.inbox.meter)
    }

    /// Asks for the first events, once (R1). Gives what is asked for in person.
    pub(crate) fn open(&mut self) -> usize {
        if std::mem::replace(&mut self.opened, true) {
            return 0;
        }
        let mut asked = 0;
        for sub in self.subs.iter_mut().filter(|sub| sub.asks != Asks::User) {
            let demand = sub.quota.open();
            if self.hosted {
                asked += demand;
            } else {
                let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
            }
        }
        asked
    }

    /// From now on the stage is run by the task of its one producer, or by its own.
    pub(crate) fn set_hosted(&mut self, hosted: bool) {
        self.hosted = hosted;
    }

    /// The limits of the subscriptions whose limits are the tuner's.
    pub(crate) fn tune(&mut self, (max, min): (usize, usize)) {
        for sub in self.subs.iter_mut().filter(|sub| sub.asks == Asks::Tuner) {
            sub.quota.tune(max, min);
        }
    }

    /// The producer has given `n` events in person, and they have been handled: what is asked for now.
    #[inline]
    pub(crate) fn pass(&mut self, n: usize) -> usize {
        match &mut self.subs {
            Subs::One(sub) => sub.quota.pass(n),
            _ => 0,
        }
    }

    /// The producer gives a batch in person that has to wait.
    pub(crate) fn queue(&mut self, events: Events<T>) {
        if let Some(sub) = self.subs.get_mut(0) {
            sub.quota.arrive(events.len());
        }
        self.queue.push_back(Queued::Batch(0, Batch::Owned(events)));
    }

    /// Reads what has arrived.
    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.drain(cx) {
            return false;
        }
        while let Some(message) = self.read.pop() {
            self.note(message);
        }
        true
    }

    /// Fetches what has arrived, to be [looked at](Inlet::arrived) one by one.
    pub(crate) fn drain(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.hosted {
            self.open();
        }
        if let Some(gate) = self.queue.gate_mut() {
            gate.watch(cx.waker());
        }
        if !self.inbox.drain(cx, &mut self.armed, &mut self.read) {
            return false;
        }
        // Last first: should something unwind, what was not looked at is counted in `Drop`.
        if self.read.len() > 1 {
            self.read.reverse();
        }
        true
    }

    /// The next batch of what was fetched, if it is of `most` events, can be handled at once and nothing waits before it;
    /// else it waits with what comes before. `None` if nothing is left.
    pub(crate) fn arrived(&mut self, most: usize) -> Option<(u32, Events<T>)> {
        while let Some(message) = self.read.pop() {
            match message {
                Down::Events { sub, batch: Batch::Owned(events) }
                    if events.len() <= most
                        && self.queue.gate().is_none()
                        && self.queue.is_empty()
                        && self.subs.get(sub).is_some_and(|sub| events.len() <= sub.cut()) =>
                {
                    return Some((sub, events));
                }
                message => self.note(message),
            }
        }
        None
    }

    /// A batch that was handled at once: time to ask (R3). Its memory goes home with the ask.
    pub(crate) fn settle_arrived(&mut self, number: u32, n: usize, memory: Vec<T>) {
        let sated = self.sated;
        if let Some(sub) = self.subs.get_mut(number)
            && let asked @ 1.. = sub.quota.pass(n)
            && sub.alive
            && !sub.cancelled
            && !sated
        {
            // An automatic subscription asks for `max_demand` at most.
            let demand = asked as u32;
            let _ = sub.to.send(Up::Again { sub: sub.sub, demand, memory });
        }
    }

    /// Of a batch of `given` events that was to be handled at once, `n` were; the stage cannot go on.
    pub(crate) fn owe_arrived(&mut self, number: u32, given: usize, n: usize) {
        if let Some(sub) = self.subs.get_mut(number) {
            sub.quota.arrive(given);
        }
        self.queue.owe(number, given);
        self.settle(n);
    }

    fn note(&mut self, message: Down<T>) {
        match message {
            Down::Events { sub, batch } => {
                if let Some(sub) = self.subs.get_mut(sub) {
                    sub.quota.arrive(batch.len());
                }
                match self.queue.gate_mut() {
                    Some(gate) if gate.is_outside(sub) => gate.arrive(sub, batch),
                    _ => self.queue.push_back(Queued::Batch(sub, batch)),
                }
            }
            Down::Ended { sub: number, .. } => {
                if let Some(sub) = self.subs.get_mut(number)
                    && std::mem::replace(&mut sub.alive, false)
                {
                    self.alive -= 1;
                    if let Some(gate) = self.queue.gate_mut() {
                        gate.end(number);
                    }
                }
            }
            // Nobody has the address of a stage without callbacks.
            Down::Subscribe(_) | Down::Ask { .. } | Down::Cancel { .. } | Down::Note(_) => {}
        }
    }

    /// Whether the rest of a message waits: it is handled whatever downstream demand is (R35).
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// The next batch: at most `max - min` events (R2), and at most `room`.
    pub(crate) fn next(&mut self, room: usize) -> Option<Batch<T>> {
        if self.queue.gate().is_some() && self.queue.is_empty() {
            self.admit(room);
        }
        let Some(Queued::Batch(sub, batch)) = self.queue.front_mut() else { return None };
        let sub = *sub;
        let n = self.subs.get(sub)?.cut().min(room);
        let batch = if batch.len() > n {
            self.begun = true;
            batch.split_front(n)
        } else {
            self.begun = false;
            match self.queue.pop_front() {
                Some(Queued::Batch(_, batch)) => batch,
                _ => return None,
            }
        };
        self.queue.owe(sub, batch.len());
        Some(batch)
    }

    /// `n` events have been handled, and what came of them was dispatched: time to ask (R3). Gives what is asked for in
    /// person.
    pub(crate) fn settle(&mut self, mut n: usize) -> usize {
        let (mut asked, all) = (0, n);
        while n > 0 {
            let Some((sub, part)) = self.queue.settle(n) else { break };
            n -= part;
            let sub = self.subs.get_mut(sub);
            if let Some(sub) = sub
                && sub.asks != Asks::User
                && let Some(demand) = sub.quota.settle(part)
                && sub.alive
                && !sub.cancelled
                && !self.sated
            {
                if self.hosted {
                    asked += demand;
                } else {
                    let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
                }
            }
        }
        if let Some(gate) = self.queue.gate() {
            gate.leave(all - n);
        }
        asked
    }

    /// The stage waits for a batch to be full, which lacks `n` events, and holds all that it was given. A producer that has
    /// sent all that was asked of it would never be asked again, so it is now, whoever else may bring events.
    pub(crate) fn press(&mut self, n: usize) {
        if n == 0 || self.sated || !self.queue.is_empty() {
            return;
        }
        for (number, sub) in self.subs.numbered() {
            let waits = self.queue.gate().is_some_and(|gate| gate.has(number));
            if sub.alive
                && !sub.cancelled
                && sub.asks != Asks::User
                && !waits
                && let demand @ 1.. = sub.quota.press(n)
            {
                let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
            }
        }
    }

    /// `n` events of those given to the stage were finished, and nobody asks for more.
    pub(crate) fn absolve(&mut self, mut n: usize) {
        while let Some((_, part)) = self.queue.settle(n).filter(|_| n > 0) {
            n -= part;
        }
    }

    /// Whether nothing has arrived that is not given to the stage.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.queue.gate().is_none_or(|gate| gate.is_shut())
    }

    /// Whether it can only wait for what its producers send.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_empty() && self.alive > 0
    }

    /// Whether there will be no more events.
    pub(crate) fn is_ended(&self) -> bool {
        self.alive == 0 && self.queue.is_empty() && self.queue.gate().is_none_or(|gate| gate.waiting() == 0)
    }

    /// Tells every producer, once, that no more is wanted (l08).
    pub(crate) fn cancel(&mut self, ended: &Ended) {
        for sub in self.subs.iter_mut().filter(|sub| sub.alive) {
            sub.alive = false;
            sub.cancel(ended.clone());
        }
        self.alive = 0;
    }
}

impl<T> Drop for Inlet<T> {
    fn drop(&mut self) {
        // l08 first: counting and dropping what was never handled may meet a panic of the user's.
        self.cancel(&Ended::Down(Reason::error("aborted")));
        let unread = self.inbox.close();
        let arrived = self.read.iter().chain(&unread).map(|message| match message {
            Down::Events { batch, .. } => batch.len(),
            _ => 0,
        });
        // Their receipts fail as the batches are dropped.
        let outside = self.queue.gate().map_or(0, |gate| gate.waiting());
        self.meter().lose(arrived.sum::<usize>() + self.queue.waiting() + self.queue.owed() + outside);
    }
}
