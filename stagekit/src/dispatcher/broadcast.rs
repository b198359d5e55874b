//! The broadcast dispatcher: every leg gets every event, at the pace of the slowest. GenStage's rules R22 to R27.
//!
//! For every leg it keeps the position in the stream of events up to which the leg has asked, in a heap; `delivered`
//! is the position up to which all have been served. So demand is the least position less `delivered`, a batch moves
//! one number, and an ask moves one entry. A leg that joins has asked for nothing, and halts all until it asks
//! (R25); one that leaves takes its entry along, and what it held back is free (R26). There is no count of what was
//! told upstream that could go stale (GenStage's defect Q2).

mod consumers;
mod copies;

use self::consumers::Consumers;
use super::heap::Heap;
use super::{Deliver, DemandDispatcher, Dispatch, Dispatcher, IntoDispatcher, Sub};
use crate::batch::{Batch, Copier, Way, clone_all};
use crate::demand::Demand;
use crate::error::Cause;
use crate::receipt::Events;
use crate::subscribe::{Selector, Subscribe};

/// One leg of a graph: its workers share its events.
pub(crate) struct Leg<T> {
    pub(crate) subs: Vec<Sub>,
    pub(crate) copier: Copier<T>,
}

/// Whom the events of a leg reach.
#[derive(Clone, Copy)]
enum To {
    One(u32),
    /// They are shared by these.
    Group(u32),
}

struct Place<T> {
    to: To,
    copier: Copier<T>,
    selector: Option<Selector<T>>,
    consumer: Option<usize>,
}

struct Group {
    subs: DemandDispatcher,
    leg: u32,
}

/// Where a subscription belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Home {
    Nowhere,
    Leg(u32),
    Group(u32),
}

/// Every subscription gets every event, at the pace of the slowest (GenStage's `BroadcastDispatcher`).
///
/// A subscription may [select](Subscribe::selector) its events: what it does not want costs it no demand. A consumer can
/// be subscribed once. Who subscribes gets what is dispatched from then on, and holds all others back until it asks.
///
/// ```
/// use stagekit::dispatcher::Broadcast;
/// let to_all: Broadcast<u64> = Broadcast::new();
/// # let _ = to_all;
/// ```
pub struct Broadcast<T> {
    legs: Vec<Place<T>>,
    groups: Vec<Group>,
    /// By subscription.
    homes: Vec<Home>,
    /// By leg: the position up to which it has asked, once it has. `u64::MAX` is "all there will be".
    asked: Heap<u64>,
    delivered: u64,
    consumers: Consumers,
    /// For legs that come later.
    copier: Option<Copier<T>>,
    selective: usize,
    fault: Option<Cause>,
    /// Events that a leg did not get because a clone panicked, once for each leg.
    lost: usize,
}

impl<T> std::fmt::Debug for Broadcast<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broadcast").field("legs", &self.legs.len()).field("demand", &self.demand()).finish()
    }
}

impl<T: Clone> Default for Broadcast<T> {
    fn default() -> Self {
        Broadcast::new()
    }
}

impl<T: Clone> Broadcast<T> {
    /// Every subscription gets clones of its own; the last one gets the original.
    pub fn new() -> Self {
        Broadcast::of(Vec::new(), Some(Copier(Way::Clone(clone_all))))
    }
}

// Stages of callbacks take their events by value: nobody could subscribe to it.
#[cfg(test)]
impl<T: Send + Sync + 'static> Broadcast<T> {
    /// All subscriptions read the same events: for events that cannot be cloned, or are large, and stages that borrow
    /// them.
    ///
    /// A [selector](Subscribe::selector) splits a batch here: every run of neighbours that are wanted is a batch.
    pub(crate) fn lending() -> Self {
        Broadcast::of(Vec::new(), Some(Copier(Way::Lend(crate::batch::lend))))
    }
}

impl<T> Broadcast<T> {
    /// With these legs; `copier` is how later ones get their events.
    pub(crate) fn of(legs: Vec<Leg<T>>, copier: Option<Copier<T>>) -> Self {
        let mut broadcast = Broadcast {
            legs: Vec::new(),
            groups: Vec::new(),
            homes: Vec::new(),
            asked: Heap::new(),
            delivered: 0,
            consumers: Consumers::default(),
            copier,
            selective: 0,
            fault: None,
            lost: 0,
        };
        legs.into_iter().for_each(|leg| broadcast.add(leg));
        broadcast
    }

    fn add(&mut self, Leg { subs, copier }: Leg<T>) {
        let leg = self.legs.len() as u32;
        let to = match subs[..] {
            [] => return,
            [only] => {
                self.settle_in(only, Home::Leg(leg));
                To::One(only as u32)
            }
            _ => {
                let group = self.groups.len() as u32;
                subs.iter().for_each(|&sub| self.settle_in(sub, Home::Group(group)));
                self.groups.push(Group { subs: DemandDispatcher::of(subs), leg });
                To::Group(group)
            }
        };
        self.push(Place { to, copier, selector: None, consumer: None });
    }

    fn push(&mut self, place: Place<T>) {
        let leg = self.legs.len() as u32;
        self.selective += usize::from(place.selector.is_some());
        self.legs.push(place);
        // Without a key: it has not asked, and halts all (R25).
        self.asked.join(leg);
    }

    fn settle_in(&mut self, sub: Sub, home: Home) {
        if sub >= self.homes.len() {
            self.homes.resize(sub + 1, Home::Nowhere);
        }
        debug_assert_eq!(self.homes[sub], Home::Nowhere, "subscription {sub} is there already");
        self.homes[sub] = home;
    }

    /// How events reach legs that come later, if it is not known yet.
    pub(crate) fn offer(&mut self, copier: Copier<T>) {
        self.copier.get_or_insert(copier);
    }

    pub(crate) fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, consumer: usize) -> Result<(), String> {
        super::without_partition(options)?;
        if let Some(first) = self.consumers.get(consumer) {
            return Err(format!(
                "this consumer is subscribed already (subscription {first}), and a broadcast sends it every event once: cancel that subscription first, or let its selector want more"
            ));
        }
        let Some(copier) = self.copier.clone() else {
            return Err("the events of this broadcast cannot be cloned for one more stage: name all stages in its graph, or let the event be `Clone`".into());
        };
        self.consumers.insert(consumer, sub);
        self.settle_in(sub, Home::Leg(self.legs.len() as u32));
        let selector = options.selected().cloned();
        self.push(Place { to: To::One(sub as u32), copier, selector, consumer: Some(consumer) });
        Ok(())
    }

    pub(crate) fn ask(&mut self, sub: Sub, n: usize) {
        match self.homes.get(sub) {
            None | Some(Home::Nowhere) => {}
            Some(&Home::Leg(leg)) => {
                let asked = self.asked.get(leg).unwrap_or(self.delivered).saturating_add(n as u64);
                self.asked.set(leg, asked);
            }
            Some(&Home::Group(group)) => {
                self.groups[group as usize].subs.ask(sub, n);
                self.tell(group);
            }
        }
    }

    /// The leg of a group has asked for what its workers have.
    fn tell(&mut self, group: u32) {
        let Group { subs, leg } = &self.groups[group as usize];
        self.asked.set(*leg, self.delivered.saturating_add(subs.demand() as u64));
    }

    pub(crate) fn cancel(&mut self, sub: Sub) {
        let Some(home) = self.homes.get_mut(sub) else { return };
        match std::mem::replace(home, Home::Nowhere) {
            Home::Nowhere => {}
            Home::Leg(leg) => self.remove(leg),
            Home::Group(group) => {
                self.groups[group as usize].subs.cancel(sub);
                if self.groups[group as usize].subs.is_empty() {
                    self.remove(self.groups[group as usize].leg);
                } else {
                    self.tell(group);
                }
            }
        }
    }

    /// A leg without subscriptions holds nobody back any longer.
    fn remove(&mut self, leg: u32) {
        let gone = self.legs.swap_remove(leg as usize);
        self.selective -= usize::from(gone.selector.is_some());
        if let Some(consumer) = gone.consumer {
            // It may come again, which a refused second subscription has no part in (GenStage's defect Q3).
            self.consumers.remove(consumer);
        }
        self.asked.leave(leg);
        if let Some(moved) = self.legs.get(leg as usize) {
            self.asked.rename(self.legs.len() as u32, leg);
            match moved.to {
                To::One(sub) => self.homes[sub as usize] = Home::Leg(leg),
                To::Group(group) => self.groups[group as usize].leg = leg,
            }
        }
    }

    pub(crate) fn demand(&self) -> usize {
        // Behind what some legs did not get there is nothing more for the others.
        if self.asked.members() > self.asked.len() || self.lost > 0 {
            return 0;
        }
        self.asked.first().map_or(0, |(asked, _)| usize::try_from(asked - self.delivered).unwrap_or(usize::MAX))
    }

    #[cfg(test)]
    pub(crate) fn heap(&self) -> &Heap<u64> {
        &self.asked
    }

    pub(crate) fn take_fault(&mut self) -> Option<Cause> {
        self.fault.take()
    }

    /// How many events were lost since the last look, once for each leg that did not get them.
    pub(crate) fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    pub(crate) fn dispatch(&mut self, mut events: Events<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Events<T>> {
        let n = self.demand().min(events.len());
        if n == 0 {
            return (!events.is_empty()).then_some(events);
        }
        // The user's selectors run before anything is sent: a panic finds every event still here.
        let (picks, rejected) = match self.pick(&events.values[..n]) {
            Ok(picks) => picks,
            Err(fault) => {
                self.fault.get_or_insert(fault);
                return Some(events);
            }
        };
        let rest = (n < events.len()).then(|| {
            let front = events.split_front(n);
            std::mem::replace(&mut events, front)
        });
        self.delivered += n as u64;
        for (leg, k) in rejected {
            // R27: what a leg did not want costs it no demand.
            let asked = self.asked.get(leg).unwrap_or_default().saturating_add(k as u64);
            self.asked.set(leg, asked);
        }
        let (legs, groups) = (&self.legs, &mut self.groups);
        let mut served = 0;
        // l01: no leg is sent more than it asked for; `n` is the least of their demands.
        let copied = super::calmly("a clone for its broadcast", || {
            copies::copies(legs, events, &picks, &mut served, &mut |leg, copy| match leg.to {
                To::One(sub) => send(sub as usize, copy),
                To::Group(group) => {
                    let left = groups[group as usize].subs.dispatch(copy, send);
                    debug_assert!(left.is_none(), "l09: a leg refused what it had asked for");
                }
            });
        });
        if let Err(fault) = copied {
            self.lost += (served..legs.len()).map(|leg| copies::wanted(&picks, leg, n)).sum::<usize>();
            self.fault.get_or_insert(fault);
        }
        rest
    }
}

impl<T> Dispatch<T> for Broadcast<T> {
    fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, consumer: usize) -> Result<(), String> {
        Broadcast::subscribe(self, sub, options, consumer)
    }
    fn cancel(&mut self, sub: Sub) {
        Broadcast::cancel(self, sub);
    }
    fn ask(&mut self, sub: Sub, demand: Demand, _: &mut Deliver<'_, T>) {
        Broadcast::ask(self, sub, demand.get());
    }
    fn demand(&self) -> Demand {
        Demand::new(Broadcast::demand(self))
    }
    fn dispatch(&mut self, events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T> {
        let rest = Broadcast::dispatch(self, events, deliver.send).unwrap_or_default();
        if Broadcast::take_lost(self) > 0
            && let Some(fault) = Broadcast::take_fault(self)
        {
            // Whoever wraps it need not ask for faults: a clone that panics is a panic of theirs.
            std::panic::resume_unwind(Box::new(fault.to_string()));
        }
        rest
    }
    fn take_fault(&mut self) -> Option<String> {
        Broadcast::take_fault(self).map(|cause| cause.to_string())
    }
    fn into_dispatcher(self) -> IntoDispatcher<T> {
        IntoDispatcher(Dispatcher::Broadcast(self))
    }
}
