//! The buffer: overflow room for events that nobody has asked for yet, in order. GenStage's rules R16 to R18.

use std::collections::VecDeque;

use crate::options::Overflow;
use crate::receipt::{Events, Portions};

/// Batches in order, counted in events.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    batches: VecDeque<Portions<T>>,
    len: usize,
    out: u64,
}

impl<T> Buffer<T> {
    pub(crate) fn new() -> Self {
        Buffer { batches: VecDeque::new(), len: 0, out: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many events have left at the front, taken or dropped.
    pub(crate) fn position_out(&self) -> u64 {
        self.out
    }

    /// The position behind the last event: the events ever stored, but for those that were dropped at the back.
    pub(crate) fn position_in(&self) -> u64 {
        self.out + self.len as u64
    }

    pub(crate) fn push(&mut self, events: Events<T>) {
        self.len += events.len();
        if !events.is_empty() {
            self.batches.push_back(events.into());
        }
    }

    /// What a dispatch has left over of a batch that was taken goes back to where it was.
    pub(crate) fn put_back(&mut self, events: Events<T>) {
        self.len += events.len();
        debug_assert!(self.out >= events.len() as u64, "what is put back was taken");
        self.out = self.out.saturating_sub(events.len() as u64);
        if !events.is_empty() {
            self.batches.push_front(events.into());
        }
    }

    /// The oldest events, at most `n` and at most one batch of them.
    pub(crate) fn take(&mut self, n: usize) -> Events<T> {
        let Some(first) = self.batches.front_mut() else { return Events::default() };
        let taken = first.take(n);
        if first.is_empty() {
            self.batches.pop_front();
        }
        self.len -= taken.len();
        self.out += taken.len() as u64;
        taken
    }

    /// The oldest `n` events, as one batch.
    pub(crate) fn gather(&mut self, n: usize) -> Events<T> {
        let mut gathered = self.take(n);
        while gathered.len() < n && !self.is_empty() {
            gathered.append(self.take(n - gathered.len()));
        }
        gathered
    }

    /// Takes out what is over `capacity`, at the end that the policy says, in order.
    pub(crate) fn trim(&mut self, capacity: usize, policy: Overflow) -> Vec<Events<T>> {
        let mut excess = self.len.saturating_sub(capacity);
        let mut dropped = Vec::new();
        match policy {
            Overflow::Wait | Overflow::Fail => {}
            Overflow::DropOldest => {
                while excess > 0 {
                    let oldest = self.take(excess);
                    excess -= oldest.len();
                    dropped.push(oldest);
                }
            }
            Overflow::DropNewest => {
                while excess > 0 {
                    let Some(mut last) = self.batches.pop_back() else { break };
                    let kept = last.take(last.len().saturating_sub(excess));
                    let last = last.take(usize::MAX);
                    excess -= last.len();
                    self.len -= last.len();
                    dropped.push(last);
                    if !kept.is_empty() {
                        self.batches.push_back(kept.into());
                    }
                }
                dropped.reverse();
            }
        }
        dropped
    }
}

/// Marks between the events of a buffer, each behind what was there when it was set (R18).
#[derive(Debug, Default)]
pub(crate) struct Marks(VecDeque<(u64, u64)>);

impl Marks {
    /// Sets the mark `id` behind the event before `position`: the buffer's `position_in`.
    pub(crate) fn set(&mut self, position: u64, id: u64) {
        debug_assert!(self.0.back().is_none_or(|&(last, _)| last <= position), "marks are set in order");
        self.0.push_back((position, id));
    }

    /// The position of the first mark: no more may be taken before it is passed (R16).
    pub(crate) fn next(&self) -> Option<u64> {
        self.0.front().map(|&(position, _)| position)
    }

    /// The first mark, if every event before it has left.
    pub(crate) fn pass(&mut self, out: u64) -> Option<u64> {
        self.next().filter(|&position| position <= out)?;
        self.0.pop_front().map(|(_, id)| id)
    }
}

#[cfg(test)]
#[path = "buffer/tests.rs"]
mod tests;
