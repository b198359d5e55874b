//! The one consumer of a stage that has one: no dispatcher has to choose, and where the consumer is a guest of this
//! stage's task ([`crate::host`]), a hop is a call.

use std::task::{Context, Poll};
use std::time::Duration;

use super::{Outlet, Sub, deliver};
use crate::batch::Batch;
use crate::fuzz;
use crate::host::{Ending, Guest, Home};
use crate::receipt::Events;
use crate::subscription::Down;
use crate::sync::Arc;

/// A stage that takes as long as this over a batch is worth another core: a wake-up there takes some microseconds, and
/// two stages of this weight gain by it (BENCHMARKS.md).
pub(crate) const HEAVY: Duration = Duration::from_micros(50);

/// How many emptied batches are kept for the next ones, and how much memory each may have.
const SPARE: usize = 2;
const SPARE_BYTES: usize = 256 * 1024;

/// The only subscription of an outlet.
pub(super) struct Line<T> {
    way: Way<T>,
    /// What was asked for and not given.
    demand: usize,
    /// Its number.
    sub: u32,
    /// The memory of batches that have been handled.
    spare: Vec<Vec<T>>,
}

/// How events reach the consumer.
enum Way<T> {
    /// By the inbox of its task.
    Inbox,
    /// It is to be a guest, once the task has begun.
    Home(Arc<Home<T>>),
    /// By a call.
    Call(Arc<Home<T>>, Box<dyn Guest<T>>),
}

impl<T> Line<T> {
    #[inline]
    pub(super) fn demand(&self) -> usize {
        self.demand
    }

    #[inline]
    pub(super) fn ask(&mut self, demand: usize) {
        self.demand = self.demand.saturating_add(demand);
    }

    pub(super) fn is_of(&self, sub: u32) -> bool {
        self.sub == sub
    }

    /// The guest goes home, if there is one.
    fn go(self) {
        match self.way {
            Way::Inbox => {}
            Way::Home(home) => home.stay(),
            Way::Call(home, guest) => home.come(guest),
        }
    }
}

impl<T> Outlet<T> {
    /// Subscription `sub` is the only one. With a home, its consumer will be run by the task of this stage.
    pub(crate) fn draw_line(&mut self, sub: u32, home: Option<Arc<Home<T>>>) {
        let way = match home {
            Some(home) => {
                home.announce();
                Way::Home(home)
            }
            None => Way::Inbox,
        };
        self.line = Some(Box::new(Line { way, demand: 0, sub, spare: Vec::new() }));
    }

    /// Whether its consumer is, or will be, a guest.
    #[inline]
    pub(crate) fn is_host(&self) -> bool {
        self.line.as_ref().is_some_and(|line| !matches!(line.way, Way::Inbox))
    }

    /// Whether there is one consumer, whose demand alone says how much may be made.
    pub(crate) fn is_line(&self) -> bool {
        self.line.is_some()
    }

    /// The guest goes on with what it has. Says whether that changed anything here.
    pub(super) fn visit(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(line) = &mut self.line else { return false };
        if let Way::Home(home) = &line.way {
            line.way = match home.leave() {
                Some(guest) => Way::Call(home.clone(), guest),
                // It has a task of its own by another's decision.
                None => Way::Inbox,
            };
        }
        let Way::Call(_, guest) = &mut line.way else { return false };
        let before = line.demand;
        if let Poll::Ready(ending) = guest.visit(cx, &mut line.demand) {
            self.see_off(ending);
            return true;
        }
        let asked = line.demand > before;
        self.feed();
        self.show();
        asked
    }

    /// Whether there is room for something.
    #[inline]
    pub(crate) fn takes_more(&self) -> bool {
        match &self.line {
            Some(line) if self.buffer.is_empty() => line.demand > 0,
            None if self.leads_nowhere => true,
            _ => self.room() > 0,
        }
    }

    /// Gives the one consumer all of these events, and leaves their memory, or other memory; false if there is none, or
    /// it has asked for less.
    #[inline]
    pub(crate) fn give_all(&mut self, events: &mut Events<T>) -> bool {
        let Some(line) = self.line.as_deref_mut() else { return false };
        let n = events.len();
        if n > line.demand || !self.buffer.is_empty() || fuzz::split(n).is_some() {
            return false;
        }
        line.demand -= n;
        if let Way::Call(_, guest) = &mut line.way {
            if let Poll::Ready(ending) = guest.take(events, &mut line.demand) {
                self.see_off(ending);
            }
            return true;
        }
        let (demand, sub) = (line.demand, line.sub);
        let batch = std::mem::replace(events, Events::from(line.spare.pop().unwrap_or_default()));
        self.meet(n);
        self.meter.meter().demand.set(demand as u64);
        match self.subs.get(sub as usize) {
            Some(Some(Sub { target, .. })) => {
                let message = Down::Events { sub: target.sub, batch: Batch::Owned(batch) };
                if let Err(Down::Events { batch, .. }) = target.inbox.send(message) {
                    // The consumer is gone and has said so in our inbox.
                    self.meter.meter().lose(batch.len());
                }
            }
            _ => self.meter.meter().lose(batch.len()),
        }
        true
    }

    fn deliver(&mut self, events: Events<T>) {
        let Some(line) = &self.line else { return };
        deliver(&mut self.subs, &self.meter.meter().lost, line.sub as usize, Batch::Owned(events));
    }

    /// The memory of a batch comes back.
    pub(super) fn keep(&mut self, memory: Vec<T>) {
        if let Some(line) = &mut self.line
            && line.spare.len() < SPARE
            && memory.capacity() * size_of::<T>() <= SPARE_BYTES
        {
            line.spare.push(memory);
        }
    }

    /// Dispatches events through the buffer.
    pub(super) fn give_some(&mut self, events: Events<T>) {
        self.buffer.push(events);
        self.feed();
        self.show();
    }

    /// What is buffered goes to the one consumer, as far as it has asked.
    pub(super) fn feed(&mut self) {
        while let Some(line) = self.line.as_deref_mut()
            && line.demand > 0
            && !self.buffer.is_empty()
        {
            let mut events = self.buffer.take(fuzz::split(line.demand).unwrap_or(line.demand));
            let n = events.len();
            line.demand -= n;
            if let Way::Call(_, guest) = &mut line.way {
                if let Poll::Ready(ending) = guest.take(&mut events, &mut line.demand) {
                    self.see_off(ending);
                }
            } else {
                self.meet(n);
                self.deliver(events);
            }
        }
    }

    /// The guest has ended; it has told us in our inbox why, if it had to.
    fn see_off(&mut self, ending: Ending) {
        if let Some(line) = &mut self.line
            && let Way::Call(home, guest) = std::mem::replace(&mut line.way, Way::Inbox)
        {
            line.demand = 0;
            home.end(guest, ending);
        }
    }

    /// From now on the guest is run by its own task.
    pub(crate) fn part_with_guest(&mut self) {
        if let Some(line) = &mut self.line {
            match std::mem::replace(&mut line.way, Way::Inbox) {
                Way::Inbox => {}
                Way::Home(home) => home.stay(),
                Way::Call(home, guest) => home.come(guest),
            }
            // What it asked for while it was here was not one ask after the other.
            self.asks.clear();
        }
    }

    /// There is not one consumer any longer.
    pub(super) fn erase_line(&mut self) {
        let Some(line) = self.line.take() else { return };
        if line.demand > 0 {
            self.dispatcher.ask(line.sub as usize, line.demand, &mut |_, _| {});
        }
        line.go();
    }

    /// It is the end: the last word is in the guest's inbox before it looks for it.
    pub(super) fn end_line(line: Option<Box<Line<T>>>) {
        if let Some(line) = line {
            line.go();
        }
    }

    /// Guests with work for another core go home; `before` is how long a batch takes that comes to them. Gives how long
    /// one takes with all that are left.
    pub(crate) fn part(&mut self, before: Duration) -> Duration {
        let Some(line) = self.line.as_deref_mut() else { return before };
        let Way::Call(_, guest) = &mut line.way else { return before };
        if (before >= HEAVY && guest.weight() >= HEAVY) || fuzz::now_and_then() {
            self.part_with_guest();
            return before;
        }
        guest.part(before)
    }
}
