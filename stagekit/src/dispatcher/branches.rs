//! The dispatcher of a `match`: each event goes to the leg whose pattern it matches, as what the pattern binds of it.
//!
//! The legs are of different types, so each is an outlet of its own, which the task of the stage looks after. Demand is
//! counted as for partitions: what all legs want together may come, and a leg with as much waiting as it may have holds
//! everybody back until it has caught up. So nothing is lost, each leg keeps its order, and what waits is bounded.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Context;

use super::{Hot, calmly};
use crate::cancel::Ended;
use crate::error::Cause;
use crate::receipt::{Events, Receipts};

/// The branch of events that are discarded.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// How many events are taken at once where every branch discards them.
const DISCARDED: usize = 4000;

/// What a branch leads to: an outlet, whatever its events.
pub(crate) trait Leg: Send {
    /// Reads asks and cancels. Says whether there were any.
    fn listen(&mut self, cx: &mut Context<'_>) -> bool;
    /// How many events its consumers want beyond what waits; `None` if it takes whatever comes.
    fn wanted(&self) -> Option<usize>;
    /// How much may wait.
    fn bound(&self) -> usize;
    /// As much waits as may.
    fn is_full(&self) -> bool;
    /// How many events wait.
    fn resting(&self) -> usize;
    /// How many events were given, and how many of them have left.
    fn positions(&self) -> (u64, u64);
    /// Takes the events that were routed to it, a `Vec`, to be [published](Leg::publish); it leaves other memory.
    fn take(&mut self, events: &mut dyn Any) -> usize;
    /// Dispatches what it has taken.
    fn publish(&mut self, receipts: Option<Receipts>);
    fn is_cancelled(&self) -> bool;
    /// How many events were lost since the last look.
    fn take_lost(&mut self) -> u64;
    /// How many events a pattern, a guard or a key inside has panicked over.
    fn unplaced(&self) -> u64;
    /// How many events branches inside have discarded.
    fn filtered(&self) -> u64;
    fn hot(&self) -> Option<Hot>;
    fn take_fault(&mut self) -> Option<Cause>;
    fn end(&mut self, ended: &Ended);
}

/// Which branch an event takes: the user's patterns.
pub(crate) trait Router<T>: Send + Sync {
    /// Takes events off until `room` of them have found a leg. Gives the branches, as runs. All workers of a stage share
    /// one router, so the legs take their events before anybody else has it.
    fn route(
        &self,
        events: &mut std::vec::IntoIter<T>,
        room: usize,
        runs: &mut Vec<(u32, usize)>,
        legs: &mut [Box<dyn Leg>],
    ) -> Result<(), Cause>;
}

/// Notes that one event more takes the branch `at`.
#[inline]
pub(crate) fn note(runs: &mut Vec<(u32, usize)>, at: u32) {
    match runs.last_mut() {
        Some((last, n)) if *last == at => *n += 1,
        _ => runs.push((at, 1)),
    }
}

/// Runs what routes a batch. If it panics, that is the fault.
pub(crate) fn routed(route: impl FnOnce()) -> Result<(), Cause> {
    calmly("the `match` behind it", route)
}

/// The branches of a `match`.
pub(crate) struct Branches<T> {
    router: Arc<dyn Router<T>>,
    legs: Vec<Box<dyn Leg>>,
    names: Arc<[String]>,
    /// In so many dispatches the leg ended full while others wanted more.
    held_back: Vec<u64>,
    runs: Vec<(u32, usize)>,
    filtered: u64,
    unplaced: u64,
    fault: Option<Cause>,
    /// How far each leg has to come until each mark has passed.
    marks: VecDeque<(u64, Vec<u64>)>,
}

impl<T> Branches<T> {
    /// `names` are those of the legs, as the user has written them.
    pub(crate) fn new(router: Arc<dyn Router<T>>, legs: Vec<Box<dyn Leg>>, names: Arc<[String]>) -> Self {
        let held_back = vec![0; legs.len()];
        let (runs, marks) = (Vec::new(), VecDeque::new());
        Branches { router, legs, names, held_back, runs, filtered: 0, unplaced: 0, fault: None, marks }
    }

    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        let mut heard = false;
        for leg in &mut self.legs {
            heard |= leg.listen(cx);
        }
        heard
    }

    pub(crate) fn demand(&self) -> usize {
        let (mut wanted, mut any) = (0_usize, false);
        for leg in &self.legs {
            if leg.is_full() {
                return 0;
            }
            if let Some(n) = leg.wanted() {
                any = true;
                wanted = wanted.saturating_add(n);
            }
        }
        if any { wanted } else { DISCARDED }
    }

    /// How much may wait in all legs.
    pub(crate) fn bound(&self) -> usize {
        self.legs.iter().map(|leg| leg.bound()).fold(0, usize::saturating_add).max(1)
    }

    pub(crate) fn resting(&self) -> usize {
        self.legs.iter().map(|leg| leg.resting()).sum()
    }

    pub(crate) fn dispatch(&mut self, events: Events<T>) -> Option<Events<T>> {
        let room = self.demand();
        if room == 0 || events.is_empty() {
            return (!events.is_empty()).then_some(events);
        }
        let (mut values, mut column) = (events.values.into_iter(), events.receipts);
        let mut runs = std::mem::take(&mut self.runs);
        let routed = self.router.route(&mut values, room, &mut runs, &mut self.legs);
        // For each leg, where there are some.
        let mut receipts: Vec<Receipts> =
            column.iter().flat_map(|all| self.legs.iter().map(|_| all.empty_like())).collect();
        for (at, n) in runs.drain(..) {
            self.filtered += if at == NOWHERE { n as u64 } else { 0 };
            match (&mut column, receipts.get_mut(at as usize)) {
                (None, _) => {}
                // What is discarded has had all its effects.
                (Some(column), None) => column.split_front(n).acknowledge(),
                (Some(column), Some(to)) => column.move_front(n, to),
            }
        }
        self.runs = runs;
        if let Err(fault) = routed {
            // l11: the event that a pattern or a guard has panicked over has failed; those behind it are still here.
            drop(column.as_mut().map(|column| column.split_front(1)));
            self.unplaced += 1;
            self.fault.get_or_insert(fault);
        }
        let mut receipts = receipts.into_iter();
        for leg in &mut self.legs {
            leg.publish(receipts.next());
        }
        let wants = |at: usize| self.legs[at].wanted().is_some_and(|n| n > 0);
        for at in (0..self.legs.len()).filter(|&at| self.legs[at].is_full()) {
            self.held_back[at] += u64::from((0..self.legs.len()).any(|other| other != at && wants(other)));
        }
        let left = Events { values: values.collect(), receipts: column };
        (!left.is_empty()).then_some(left)
    }

    pub(crate) fn mark(&mut self, id: u64) -> bool {
        if self.resting() == 0 {
            return false;
        }
        self.marks.push_back((id, self.legs.iter().map(|leg| leg.positions().0).collect()));
        true
    }

    pub(crate) fn passed(&mut self) -> Option<u64> {
        let (_, ends) = self.marks.front()?;
        let passed = self.legs.iter().zip(ends).all(|(leg, end)| leg.positions().1 >= *end);
        passed.then(|| self.marks.pop_front())?.map(|(id, _)| id)
    }

    pub(crate) fn take_fault(&mut self) -> Option<Cause> {
        self.fault.take().or_else(|| self.legs.iter_mut().find_map(|leg| leg.take_fault()))
    }

    pub(crate) fn filtered(&self) -> u64 {
        self.filtered + self.legs.iter().map(|leg| leg.filtered()).sum::<u64>()
    }

    pub(crate) fn unplaced(&self) -> u64 {
        self.unplaced + self.legs.iter().map(|leg| leg.unplaced()).sum::<u64>()
    }

    pub(crate) fn take_lost(&mut self) -> u64 {
        self.legs.iter_mut().map(|leg| leg.take_lost()).sum()
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.legs.iter().any(|leg| leg.is_cancelled())
    }

    pub(crate) fn end(&mut self, ended: &Ended) {
        self.legs.iter_mut().for_each(|leg| leg.end(ended));
    }

    /// The leg that held back the others most often, if one did; or a partition behind it.
    pub(crate) fn hot(&self) -> Option<Hot> {
        let own = self.names.iter().zip(&self.held_back).filter(|(_, times)| **times > 0);
        let own = own.map(|(name, &times)| Hot { partition: format!("branch `{name}`"), times });
        own.chain(self.legs.iter().filter_map(|leg| leg.hot())).max_by_key(|hot| hot.times)
    }
}
