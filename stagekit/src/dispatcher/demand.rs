//! The demand dispatcher: a batch goes to whoever asked for most. GenStage's rules R19 to R21.
//!
//! Subscriptions with demand stand in a heap, by demand and then by the time of their last change: GenStage's sorted
//! list, at O(log n) for an ask, a batch and a cancel. Subscriptions without demand are in no order and cost nothing.

use std::cmp::Reverse;
use std::hash::{BuildHasher, Hasher};

use super::heap::Heap;
use super::{Deliver, Dispatch, Dispatcher, IntoDispatcher, Sub};
use crate::batch::Batch;
use crate::demand::Demand;
use crate::receipt::Events;
use crate::receipt::Portions;
use crate::subscribe::Subscribe;

/// Highest demand first; a changed entry stands behind entries of equal demand (R19).
type Hunger = (Reverse<u64>, u64);

/// A batch goes to the subscription that has asked for most: the stages share the work. The default, and GenStage's
/// `DemandDispatcher`. It is called `dispatcher::Demand`, and is written so: [`stagekit::Demand`](crate::Demand), which the
/// prelude has, is how many events are wanted.
///
/// Among equals it is whoever has waited longest. A batch is not spread evenly: it goes to the hungriest as far as that
/// one has asked, the rest to the next.
///
/// ```
/// use stagekit::dispatcher::Demand;
/// let shared = Demand::new().shuffle_on_first_dispatch();
/// # let _ = shared;
/// ```
#[derive(Debug)]
pub struct DemandDispatcher {
    hungry: Heap<Hunger>,
    /// The sum of all demands. Demands that stand for "no limit" add up without overflowing.
    total: u128,
    /// Counts changes: the later of two equal demands has the higher one.
    stamp: u64,
    /// The seed, until the first dispatch.
    shuffle: Option<u64>,
    /// An ask above this is warned about.
    usual: usize,
}

impl Default for DemandDispatcher {
    fn default() -> Self {
        DemandDispatcher::new()
    }
}

impl DemandDispatcher {
    /// Without options.
    pub fn new() -> Self {
        DemandDispatcher { hungry: Heap::new(), total: 0, stamp: 0, shuffle: None, usual: usize::MAX }
    }

    /// At the first dispatch, once, those who have asked for the same are put in a random order: else the one that
    /// subscribed first gets the first batch, in every one of many pipelines (GenStage's
    /// `shuffle_demands_on_first_dispatch`).
    ///
    /// Only equals change places. GenStage shuffles all of them, so that one with little demand may come first.
    pub fn shuffle_on_first_dispatch(self) -> Self {
        self.shuffled_by(std::collections::hash_map::RandomState::new().build_hasher().finish())
    }

    pub(crate) fn shuffled_by(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// An ask for more than this many events at once is logged as a warning, and met: a consumer that asks for more
    /// than its siblings gets the batches that they could share. No limit by default (GenStage takes the first ask).
    pub fn max_demand(mut self, events: usize) -> Self {
        self.usual = events;
        self
    }

    /// With these subscriptions.
    pub(crate) fn of(subs: impl IntoIterator<Item = Sub>) -> Self {
        let mut demand = DemandDispatcher::new();
        subs.into_iter().for_each(|sub| demand.join(sub));
        demand
    }

    pub(crate) fn join(&mut self, sub: Sub) {
        debug_assert!(!self.contains(sub), "subscription {sub} is there already");
        self.hungry.join(sub as u32);
    }

    pub(crate) fn demand(&self) -> usize {
        usize::try_from(self.total).unwrap_or(usize::MAX)
    }

    pub(crate) fn contains(&self, sub: Sub) -> bool {
        self.hungry.knows(sub as u32)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hungry.members() == 0
    }

    pub(crate) fn ask(&mut self, sub: Sub, n: usize) {
        if n == 0 || !self.contains(sub) {
            return;
        }
        if n > self.usual {
            let usual = self.usual;
            tracing::warn!(
                "subscription {sub} asked for {n} events at once, more than the {usual} of this dispatcher's `max_demand`: it will be given what its siblings could share"
            );
        }
        let before = self.hungry.get(sub as u32).map_or(0, |(Reverse(demand), _)| demand);
        let demand = before.saturating_add(n as u64);
        self.total += u128::from(demand - before);
        self.stamp += 1;
        self.hungry.set(sub as u32, (Reverse(demand), self.stamp));
    }

    pub(crate) fn cancel(&mut self, sub: Sub) {
        if let Some((Reverse(demand), _)) = self.hungry.leave(sub as u32) {
            self.total -= u128::from(demand);
        }
    }

    /// The one subscription that gets all of `n` events, if there is one: the way of nearly every batch.
    #[inline]
    pub(crate) fn only(&mut self, n: usize) -> Option<Sub> {
        if self.shuffle.is_some() {
            self.shuffle();
        }
        let ((Reverse(demand), _), sub) = self.hungry.first()?;
        let left = demand.checked_sub(n as u64)?;
        self.serve(sub, left, n);
        Some(sub as usize)
    }

    /// `sub`, which is the first, gets `n` events and has asked for `left` more.
    #[inline]
    fn serve(&mut self, sub: u32, left: u64, n: usize) {
        self.total -= n as u128;
        if left == 0 {
            self.hungry.unset(sub);
        } else {
            self.stamp += 1;
            self.hungry.set_first((Reverse(left), self.stamp));
        }
    }

    pub(crate) fn dispatch<T>(&mut self, batch: Batch<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Batch<T>> {
        let len = batch.len();
        if len == 0 {
            return None;
        }
        if let Some(sub) = self.only(len) {
            // The whole batch is moved by pointer.
            send(sub, batch);
            return None;
        }
        if self.hungry.first().is_none() {
            return Some(batch);
        }
        match batch {
            Batch::Owned(events) => {
                let mut portions = Portions::from(events);
                self.deal(len, &mut |sub, n| send(sub, Batch::Owned(portions.take(n))));
                (!portions.is_empty()).then(|| Batch::Owned(portions.take(usize::MAX)))
            }
            mut lent => {
                self.deal(len, &mut |sub, n| send(sub, lent.split_front(n)));
                (!lent.is_empty()).then_some(lent)
            }
        }
    }

    /// Says who gets how many of `left` events, the hungriest first.
    fn deal(&mut self, mut left: usize, give: &mut dyn FnMut(Sub, usize)) {
        while left > 0 {
            let Some(((Reverse(demand), _), sub)) = self.hungry.first() else { return };
            let n = left.min(usize::try_from(demand).unwrap_or(usize::MAX));
            self.serve(sub, demand - n as u64, n);
            give(sub as usize, n);
            left -= n;
        }
    }

    /// Those of equal demand change places.
    fn shuffle(&mut self) {
        let Some(mut state) = self.shuffle.take() else { return };
        let mut random = || {
            // splitmix64
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        self.hungry.change(|entries| {
            for at in (1..entries.len()).rev() {
                let other = (random() % (at as u64 + 1)) as usize;
                // Only the stamps: the order by demand holds.
                let stamp = entries[at].0.1;
                entries[at].0.1 = entries[other].0.1;
                entries[other].0.1 = stamp;
            }
        });
    }

    #[cfg(test)]
    pub(crate) fn heap(&self) -> &Heap<Hunger> {
        &self.hungry
    }
}

impl<T> Dispatch<T> for DemandDispatcher {
    fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, _: usize) -> Result<(), String> {
        super::without_partition(options)?;
        super::without_selector(options)?;
        self.join(sub);
        Ok(())
    }
    fn cancel(&mut self, sub: Sub) {
        DemandDispatcher::cancel(self, sub);
    }
    fn ask(&mut self, sub: Sub, demand: Demand, _: &mut Deliver<'_, T>) {
        DemandDispatcher::ask(self, sub, demand.get());
    }
    fn demand(&self) -> Demand {
        Demand::new(DemandDispatcher::demand(self))
    }
    fn dispatch(&mut self, events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T> {
        match DemandDispatcher::dispatch(self, Batch::Owned(events), deliver.send) {
            Some(Batch::Owned(left)) => left,
            // What was owned stays owned.
            Some(Batch::Lent(..)) | None => Events::default(),
        }
    }
    fn into_dispatcher(self) -> IntoDispatcher<T> {
        IntoDispatcher(Dispatcher::Demand(self))
    }
}
