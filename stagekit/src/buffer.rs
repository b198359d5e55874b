//! The buffer: overflow room for events that nobody has asked for yet, in order. GenStage's rules R16 and R17.

use std::collections::VecDeque;

use crate::options::Overflow;
use crate::receipt::Events;

/// Batches in order, counted in events.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    batches: VecDeque<Events<T>>,
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

    pub(crate) fn position_in(&self) -> u64 {
        self.out + self.len as u64
    }
    pub(crate) fn position_out(&self) -> u64 {
        self.out
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn push(&mut self, events: Events<T>) {
        self.len += events.len();
        if !events.is_empty() {
            self.batches.push_back(events);
        }
    }

    /// What a dispatch has left over of a batch that was taken goes back to where it was.
    pub(crate) fn put_back(&mut self, events: Events<T>) {
        self.len += events.len();
        self.out -= events.len() as u64;
        if !events.is_empty() {
            self.batches.push_front(events);
        }
    }

    /// The oldest events, at most `n` and at most one batch of them.
    pub(crate) fn take(&mut self, n: usize) -> Events<T> {
        let Some(first) = self.batches.front_mut() else { return Events::default() };
        let taken = first.split_front(n);
        if first.is_empty() {
            self.batches.pop_front();
        }
        self.len -= taken.len();
        self.out += taken.len() as u64;
        taken
    }

    /// The oldest events, at most `n`, as one batch.
    pub(crate) fn gather(&mut self, n: usize) -> Events<T> {
        let mut events = self.take(n);
        while events.len() < n && !self.is_empty() {
            events.append(self.take(n - events.len()));
        }
        events
    }

    /// Drops what is over `capacity` and says how many that were. Their receipts fail by being dropped.
    pub(crate) fn trim(&mut self, capacity: usize, policy: Overflow) -> Vec<Events<T>> {
        let excess = self.len.saturating_sub(capacity);
        let mut dropped = Vec::new();
        match policy {
            Overflow::Wait | Overflow::Fail => {}
            Overflow::DropOldest => {
                let mut left = excess;
                while left > 0 {
                    let some = self.take(left);
                    left -= some.len();
                    dropped.push(some);
                }
            }
            Overflow::DropNewest => {
                let mut left = excess;
                while left > 0 {
                    let Some(mut last) = self.batches.pop_back() else { break };
                    let kept = last.len().saturating_sub(left);
                    left -= last.len() - kept;
                    self.len -= last.len() - kept;
                    let kept = last.split_front(kept);
                    if !kept.is_empty() {
                        self.batches.push_back(kept);
                    }
                    dropped.push(last);
                }
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(buffer: &mut Buffer<u32>) -> Vec<u32> {
        std::iter::from_fn(|| Some(buffer.take(2).values).filter(|values| !values.is_empty())).flatten().collect()
    }

    #[test]
    fn r16_is_first_in_first_out() {
        let mut buffer = Buffer::new();
        buffer.push(vec![1, 2, 3].into());
        buffer.push(vec![4].into());
        assert_eq!((buffer.len(), buffer.take(2).values), (4, vec![1, 2]));
        buffer.put_back(vec![2].into());
        assert_eq!(drain(&mut buffer), [2, 3, 4]);
        assert!(buffer.is_empty());
    }

    #[test]
    fn r17_overflow_drops_oldest_or_newest_and_counts() {
        for (policy, kept) in [(Overflow::DropOldest, [4, 5, 6]), (Overflow::DropNewest, [1, 2, 3])] {
            let mut buffer = Buffer::new();
            buffer.push(vec![1, 2].into());
            buffer.push(vec![3, 4, 5, 6].into());
            assert_eq!(buffer.trim(3, policy).iter().map(Events::len).sum::<usize>(), 3);
            assert_eq!((buffer.len(), drain(&mut buffer)), (3, kept.to_vec()));
        }
        let mut buffer = Buffer::new();
        buffer.push(vec![1, 2].into());
        assert_eq!((buffer.trim(1, Overflow::Wait).len(), buffer.len()), (0, 2));
    }

    #[test]
    fn r09_what_is_asked_for_leaves_as_one() {
        let mut buffer = Buffer::new();
        for batch in [vec![1, 2, 3], vec![4], vec![5, 6, 7, 8]] {
            buffer.push(batch.into());
        }
        let gathered = [5, 2, 9, 1].map(|n| buffer.gather(n).values);
        assert_eq!(gathered, [vec![1, 2, 3, 4, 5], vec![6, 7], vec![8], vec![]]);
        assert_eq!(buffer.position_out(), 8);
    }
}
