//! Futures in flight side by side, in slots that keep their memory and their waker from one future to the next: a call
//! costs no allocation once the slots are there. What the futures are is compiled for each kind of them; who was woken
//! is not.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};

use crate::lock::lock;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};

#[cfg(test)]
mod tests;

/// How often one poll looks again for who was woken meanwhile, before it lets other tasks run.
const LOOKS: usize = 2;

/// Who was woken since somebody looked, and who is to be told.
#[derive(Default)]
struct Woken {
    slots: VecDeque<usize>,
    waker: Option<Waker>,
}

/// What a future wakes.
struct Bell {
    slot: usize,
    /// It stands in the list, or will be polled for another reason.
    rung: AtomicBool,
    woken: Arc<Mutex<Woken>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever polls takes the bell back by the same kind of step, before it polls: it sees what was done before
        // this call, or this call finds the bell at rest.
        if !self.rung.swap(true, Ordering::AcqRel) {
            let mut woken = lock(&self.woken);
            woken.slots.push_back(self.slot);
            let waker = woken.waker.take();
            drop(woken);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// The part that knows no future.
#[derive(Default)]
struct Bells {
    bells: Vec<(Arc<Bell>, Waker)>,
    woken: Arc<Mutex<Woken>>,
    /// Slots to be polled now.
    turn: VecDeque<usize>,
    free: Vec<usize>,
}

impl Bells {
    /// A slot, new or free, that will be polled; whether it is new.
    fn slot(&mut self) -> (usize, bool) {
        let (slot, new) = match self.free.pop() {
            Some(slot) => (slot, false),
            None => {
                let slot = self.bells.len();
                let bell = Arc::new(Bell { slot, rung: AtomicBool::new(false), woken: self.woken.clone() });
                self.bells.push((bell.clone(), bell.into()));
                (slot, true)
            }
        };
        // Where an older future's waker has rung already, the slot is in a list.
        if !self.bells[slot].0.rung.swap(true, Ordering::AcqRel) {
            self.turn.push_back(slot);
        }
        (slot, new)
    }

    /// The next slot to poll, with its waker.
    fn next(&mut self) -> Option<(usize, &Waker)> {
        let slot = self.turn.pop_front()?;
        let (bell, waker) = &self.bells[slot];
        bell.rung.swap(false, Ordering::AcqRel);
        Some((slot, waker))
    }

    /// Looks who was woken; false if nobody was, and then whoever is wakes `cx`.
    fn look(&mut self, cx: &Context<'_>) -> bool {
        let mut woken = lock(&self.woken);
        if woken.slots.is_empty() {
            match &mut woken.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            return false;
        }
        std::mem::swap(&mut woken.slots, &mut self.turn);
        true
    }
}

/// What has come of futures that were begun earlier, by their numbers.
struct Order<T> {
    /// The number of the first of `done`.
    first: u64,
    done: VecDeque<Option<T>>,
}

/// A future, and its number among all that were begun.
struct Call<F> {
    future: Pin<Box<Option<F>>>,
    number: u64,
}

/// Futures in flight. Their results come as they are done, or in the order in which they were begun.
pub(crate) struct InFlight<F: Future> {
    calls: Vec<Call<F>>,
    bells: Bells,
    order: Option<Order<F::Output>>,
    /// Begun, and not given back.
    len: usize,
}

impl<F: Future> InFlight<F> {
    /// Results come as they are done.
    pub(crate) fn unordered() -> Self {
        InFlight { calls: Vec::new(), bells: Bells::default(), order: None, len: 0 }
    }

    /// Results come in the order of `push`.
    pub(crate) fn ordered() -> Self {
        InFlight { order: Some(Order { first: 0, done: VecDeque::new() }), ..InFlight::unordered() }
    }

    /// How many were begun and have not been given back.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Begins one. It is polled by the next [`poll`](Self::poll), which nobody is told of.
    #[inline]
    pub(crate) fn push(&mut self, future: F) {
        self.len += 1;
        let number = match &mut self.order {
            None => 0,
            Some(order) => {
                order.done.push_back(None);
                order.first + order.done.len() as u64 - 1
            }
        };
        match self.bells.slot() {
            (_, true) => self.calls.push(Call { future: Box::pin(Some(future)), number }),
            (slot, false) => {
                let call = &mut self.calls[slot];
                call.future.set(Some(future));
                call.number = number;
            }
        }
    }

    /// The next result; `None` where nothing is in flight.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.len == 0 {
            return Poll::Ready(None);
        }
        if let Some(result) = self.in_turn() {
            return Poll::Ready(Some(result));
        }
        for _ in 0..LOOKS {
            while let Some((slot, waker)) = self.bells.next() {
                let Call { future, number } = &mut self.calls[slot];
                // A future that is over was woken once more.
                let Some(running) = future.as_mut().as_pin_mut() else { continue };
                let Poll::Ready(result) = running.poll(&mut Context::from_waker(waker)) else { continue };
                let number = *number;
                future.set(None);
                self.bells.free.push(slot);
                let Some(order) = &mut self.order else {
                    self.len -= 1;
                    return Poll::Ready(Some(result));
                };
                order.done[(number - order.first) as usize] = Some(result);
                if let Some(result) = self.in_turn() {
                    return Poll::Ready(Some(result));
                }
            }
            if !self.bells.look(cx) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The result of the oldest, if it is there and asked for first.
    #[inline]
    fn in_turn(&mut self) -> Option<F::Output> {
        let order = self.order.as_mut()?;
        let result = order.done.front_mut()?.take()?;
        order.done.pop_front();
        order.first += 1;
        self.len -= 1;
        Some(result)
    }
}
