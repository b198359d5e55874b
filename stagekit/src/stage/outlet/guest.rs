//! The guest of an outlet: its one consumer, if that is run by the task of this stage. See [`crate::host`].

use std::task::{Context, Poll};
use std::time::Duration;

use super::Outlet;
use crate::fuzz;
use crate::host::{Ending, Guest, Home};
use crate::receipt::Events;
use crate::sync::Arc;

/// A stage that takes as long as this over a batch is worth another core: a wake-up there takes some microseconds, and
/// two stages of this weight gain from twenty on (see BENCHMARKS.md).
pub(crate) const HEAVY: Duration = Duration::from_micros(50);

/// The one subscription of a stage whose consumer is its guest, or will be.
pub(super) struct Link<T> {
    home: Arc<Home<T>>,
    /// Once the task has begun.
    guest: Option<Box<dyn Guest<T>>>,
    /// What it has asked for and was not given.
    demand: usize,
    /// Its number.
    sub: u32,
}

impl<T> Link<T> {
    pub(super) fn demand(&self) -> usize {
        self.demand
    }
}

impl<T> Drop for Link<T> {
    fn drop(&mut self) {
        match self.guest.take() {
            Some(guest) => self.home.come(guest),
            None => self.home.stay(),
        }
    }
}

impl<T> Outlet<T> {
    /// The consumer of subscription `sub`, the only one, will be run by the task of this stage.
    pub(crate) fn expect_guest(&mut self, home: Arc<Home<T>>, sub: u32) {
        home.announce();
        self.link = Some(Box::new(Link { home, guest: None, demand: 0, sub }));
    }

    /// Whether it has a guest.
    pub(crate) fn is_host(&self) -> bool {
        self.link.is_some()
    }

    /// The guest goes on with what it has. Says whether that changed anything here.
    pub(super) fn visit(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(link) = &mut self.link else { return false };
        if link.guest.is_none() {
            link.guest = link.home.leave();
        }
        let Some(guest) = &mut link.guest else {
            // It has a task of its own by another's decision.
            self.part_with_guest();
            return true;
        };
        let before = link.demand;
        if let Poll::Ready(ending) = guest.visit(cx, &mut link.demand) {
            self.see_off(ending);
            return true;
        }
        let asked = link.demand > before;
        self.feed();
        self.show();
        asked
    }

    /// Whether there is room for something.
    #[inline]
    pub(crate) fn takes_more(&self) -> bool {
        match &self.link {
            Some(link) if self.buffer.is_empty() => link.demand > 0,
            None if self.leads_nowhere => true,
            _ => self.room() > 0,
        }
    }

    /// Gives the guest all of these events, and leaves their memory; false if there is none, or it has asked for less.
    #[inline]
    pub(crate) fn give_all(&mut self, events: &mut Events<T>) -> bool {
        let Some(link) = self.link.as_deref_mut() else { return false };
        let n = events.len();
        if n > link.demand || !self.buffer.is_empty() || fuzz::split(n).is_some() {
            return false;
        }
        let Some(guest) = &mut link.guest else { return false };
        link.demand -= n;
        if let Poll::Ready(ending) = guest.take(events, &mut link.demand) {
            self.see_off(ending);
        }
        true
    }

    /// Dispatches events through the buffer, to a guest.
    pub(super) fn give_some(&mut self, events: Events<T>) {
        self.buffer.push(events);
        self.feed();
        self.show();
    }

    /// What is buffered goes to the guest, as far as it has asked.
    fn feed(&mut self) {
        while let Some(Link { guest: Some(guest), demand, .. }) = self.link.as_deref_mut()
            && *demand > 0
            && !self.buffer.is_empty()
        {
            let n = fuzz::split(*demand).unwrap_or(*demand);
            let mut events = self.buffer.take(n);
            *demand -= events.len();
            if let Poll::Ready(ending) = guest.take(&mut events, demand) {
                self.see_off(ending);
            }
        }
    }

    /// The guest has ended; it has told us in our inbox why, if it had to.
    fn see_off(&mut self, ending: Ending) {
        if let Some(mut link) = self.link.take()
            && let Some(guest) = link.guest.take()
        {
            link.home.end(guest, ending);
        }
    }

    /// From now on the guest is run by its own task.
    pub(crate) fn part_with_guest(&mut self) {
        let Some(link) = self.link.take() else { return };
        self.dispatcher.ask(link.sub as usize, link.demand, &mut |_, _| {});
        drop(link);
        self.flush();
    }

    /// Guests with work for another core go home; `before` is how long a batch takes that comes to them. Gives how long
    /// one takes with all that are left.
    pub(crate) fn part(&mut self, before: Duration) -> Duration {
        let Some(Link { guest: Some(guest), .. }) = self.link.as_deref_mut() else { return before };
        if (before >= HEAVY && guest.weight() >= HEAVY) || fuzz::now_and_then() {
            self.part_with_guest();
            return before;
        }
        guest.part(before)
    }
}
