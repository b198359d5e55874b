//! A ring: the stages of a graph that lead back to themselves, and how many events are among them.
//!
//! Stages on a ring cannot end as others do, when all that leads into them has ended: each of them waits for the others.
//! So events are counted from where they enter a ring to where they leave it: while they travel between two of its
//! stages, while they are handled there, and while they rest in an outlet there. An event is counted off when all that
//! came of it was counted, so nought means that nothing is there and nothing can come of it. Once no event can enter any
//! more either, the ring is over.
//!
//! The same count is the gate: `room` events are let in at once, the others wait outside. What goes round cannot be more
//! than went in, unless a stage of the ring makes several events of one.

use std::sync::Arc;
use std::task::Waker;

use crate::lock::lock;
use crate::sync::Mutex;

/// What the stages of a ring share. Touched once for each batch, and only by them.
#[derive(Debug)]
pub(crate) struct Ring {
    /// How many events it lets in at once.
    room: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The events on the ring.
    inside: usize,
    /// Those of them that wait for more to fill a batch.
    parked: usize,
    /// The inlets through which events can still enter.
    open: usize,
    /// Who waits to let events in.
    gates: Vec<Waker>,
    /// Who waits for the end.
    backs: Vec<Waker>,
    /// Who waits to fill a batch.
    batches: Vec<Waker>,
}

impl State {
    fn is_over(&self) -> bool {
        self.open == 0 && self.inside == 0
    }

    /// Everything on the ring waits for a batch to be full, and nothing can enter.
    fn is_stalled(&self, room: usize) -> bool {
        self.inside > 0 && self.inside == self.parked && (self.open == 0 || self.inside >= room)
    }

    /// Who has to hear of a change.
    fn news(&mut self, room: usize) -> Vec<Waker> {
        let mut wake = Vec::new();
        if self.inside < room {
            wake.append(&mut self.gates);
        }
        if self.is_over() {
            wake.append(&mut self.backs);
        }
        if self.is_stalled(room) {
            wake.append(&mut self.batches);
        }
        wake
    }
}

fn wait(list: &mut Vec<Waker>, waker: &Waker) {
    if !list.iter().any(|known| known.will_wake(waker)) {
        list.push(waker.clone());
    }
}

impl Ring {
    pub(crate) fn new(room: usize) -> Arc<Self> {
        Arc::new(Ring { room, state: Mutex::default() })
    }

    fn change<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        let (result, wake) = {
            let mut state = lock(&self.state);
            let result = f(&mut state);
            (result, state.news(self.room))
        };
        // Outside of the lock.
        wake.into_iter().for_each(Waker::wake);
        result
    }

    /// One inlet more that events can enter by.
    pub(crate) fn open(&self) {
        lock(&self.state).open += 1;
    }

    /// Nothing enters by one of them any more.
    pub(crate) fn close(&self) {
        self.change(|state| state.open = state.open.saturating_sub(1));
    }

    /// How many of `wanted` events may enter now: they are counted. If none, there is a wake-up when some may.
    pub(crate) fn admit(&self, wanted: usize, waker: Option<&Waker>) -> usize {
        let mut state = lock(&self.state);
        let admitted = wanted.min(self.room.saturating_sub(state.inside));
        state.inside += admitted;
        if let (0, Some(waker)) = (admitted, waker) {
            wait(&mut state.gates, waker);
        }
        admitted
    }

    /// `n` events are on their way from one of its stages to another.
    pub(crate) fn enter(&self, n: usize) {
        lock(&self.state).inside += n;
    }

    /// `n` events were handled, and what came of them was counted.
    pub(crate) fn leave(&self, n: usize) {
        if n > 0 {
            self.change(|state| {
                debug_assert!(state.inside >= n, "an event leaves a ring that it has entered");
                state.inside = state.inside.saturating_sub(n);
            });
        }
    }

    /// Now so many events rest in an outlet; `resting` is how many there were.
    pub(crate) fn rest(&self, resting: &mut usize, now: usize) {
        let before = std::mem::replace(resting, now);
        match now.checked_sub(before) {
            Some(0) => {}
            Some(more) => self.enter(more),
            None => self.leave(before - now),
        }
    }

    /// Now so many events wait for a batch to be full; `parked` is how many there were. Says whether it is to be handled
    /// as it is; if not, there is a wake-up when it is.
    pub(crate) fn park(&self, parked: &mut usize, now: usize, waker: &Waker) -> bool {
        let before = std::mem::replace(parked, now);
        self.change(|state| {
            state.parked = state.parked + now - before;
            let stalled = now > 0 && state.is_stalled(self.room);
            if now > 0 && !stalled {
                wait(&mut state.batches, waker);
            }
            stalled
        })
    }

    /// Whether nothing is on it, and nothing can come; if not, there is a wake-up when it is so.
    pub(crate) fn is_over(&self, waker: &Waker) -> bool {
        let mut state = lock(&self.state);
        let over = state.is_over();
        if !over {
            wait(&mut state.backs, waker);
        }
        over
    }
}
