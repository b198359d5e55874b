//! The buffer proven with plain numbers. Cases marked with a number are GenStage's own tests, translated.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn drain(buffer: &mut Buffer<u32>) -> Vec<u32> {
    std::iter::from_fn(|| Some(buffer.take(2).values).filter(|values| !values.is_empty())).flatten().collect()
}

fn flat(events: Vec<Events<u32>>) -> Vec<u32> {
    events.into_iter().flat_map(|events| events.values).collect()
}

/// A buffer with marks, as an outlet has them.
#[derive(Default)]
struct Marked(Option<Buffer<u32>>, Marks);

impl Marked {
    fn buffer(&mut self) -> &mut Buffer<u32> {
        self.0.get_or_insert_with(Buffer::new)
    }
    /// What was dropped.
    fn store(&mut self, events: &[u32], capacity: usize, policy: Overflow) -> Vec<u32> {
        self.buffer().push(events.to_vec().into());
        flat(self.buffer().trim(capacity, policy))
    }
    fn mark(&mut self, id: u64) {
        let at = self.buffer().position_in();
        self.1.set(at, id);
    }
    fn passed(&mut self) -> Vec<u64> {
        let out = self.buffer().position_out();
        std::iter::from_fn(|| self.1.pass(out)).collect()
    }
    /// Up to `n` events, but none behind a mark; and the marks that are passed then.
    fn take(&mut self, n: usize) -> (Vec<u32>, Vec<u64>) {
        let out = self.buffer().position_out();
        let n = self.1.next().map_or(n, |at| n.min((at - out) as usize));
        (self.buffer().gather(n).values, self.passed())
    }
}

#[test]
fn r16_is_first_in_first_out() {
    let mut buffer = Buffer::new();
    buffer.push(vec![1, 2, 3].into());
    buffer.push(vec![4].into());
    assert_eq!((buffer.len(), buffer.take(2).values), (4, vec![1, 2]));
    buffer.put_back(vec![2].into());
    assert_eq!((buffer.position_out(), buffer.position_in()), (1, 4));
    assert_eq!(drain(&mut buffer), [2, 3, 4]);
    assert!(buffer.is_empty());
}

#[test]
fn r17_overflow_drops_oldest_or_newest_and_gives_them_out() {
    for (policy, kept, lost) in
        [(Overflow::DropOldest, [4, 5, 6], [1, 2, 3]), (Overflow::DropNewest, [1, 2, 3], [4, 5, 6])]
    {
        let mut buffer = Buffer::new();
        for n in 1..=6 {
            buffer.push(vec![n].into());
        }
        assert_eq!(flat(buffer.trim(3, policy)), lost, "{policy:?}");
        assert_eq!((buffer.len(), drain(&mut buffer)), (3, kept.to_vec()));
    }
    let mut buffer = Buffer::new();
    buffer.push(vec![1, 2].into());
    assert!(buffer.trim(1, Overflow::Wait).is_empty() && buffer.trim(1, Overflow::Fail).is_empty());
    assert_eq!(buffer.len(), 2);
}

#[test]
fn r17_keep_first_refuses_what_is_new_137() {
    let mut buffer = Marked::default();
    assert_eq!(buffer.store(&[1, 2, 3], 3, Overflow::DropNewest), []);
    assert_eq!(buffer.store(&[4, 5, 6], 3, Overflow::DropNewest), [4, 5, 6]);
    assert_eq!((buffer.buffer().len(), buffer.buffer().position_in()), (3, 3), "what was refused was never in");
    assert_eq!(buffer.take(3).0, [1, 2, 3]);
}

#[test]
fn r17_no_capacity_drops_nothing_138() {
    let mut buffer = Marked::default();
    let events: Vec<u32> = (0..1000).collect();
    assert_eq!(buffer.store(&events, usize::MAX, Overflow::DropNewest), []);
    assert_eq!((buffer.buffer().len(), buffer.passed()), (1000, vec![]));
}

#[test]
fn r17_keep_last_drops_what_is_old() {
    let mut buffer = Marked::default();
    assert_eq!(buffer.store(&[1, 2, 3], 3, Overflow::DropOldest), []);
    assert_eq!(buffer.store(&[4, 5], 3, Overflow::DropOldest), [1, 2]);
    assert_eq!((buffer.buffer().position_out(), buffer.take(3).0), (2, vec![3, 4, 5]));
}

#[test]
fn r18_marks_whose_events_are_dropped_pass_140() {
    let mut buffer = Marked::default();
    buffer.store(&[1, 2], 3, Overflow::DropOldest);
    buffer.mark(3);
    buffer.mark(4);
    assert_eq!(buffer.passed(), []);
    assert_eq!(buffer.store(&[5, 6, 7], 3, Overflow::DropOldest), [1, 2]);
    assert_eq!(buffer.passed(), [3, 4]);
}

#[test]
fn r18_an_empty_buffer_holds_no_mark_141() {
    let mut buffer = Marked::default();
    buffer.mark(1);
    assert_eq!(buffer.passed(), [1]);
}

#[test]
fn r18_a_mark_waits_behind_the_last_event() {
    let mut buffer = Marked::default();
    buffer.store(&[1], 3, Overflow::DropOldest);
    buffer.mark(9);
    assert_eq!(buffer.passed(), []);
    assert_eq!(buffer.take(1), (vec![1], vec![9]));
}

#[test]
fn r16_taking_stops_at_a_mark_143() {
    let mut buffer = Marked::default();
    buffer.store(&[1, 2], 10, Overflow::Wait);
    buffer.mark(3);
    buffer.store(&[4], 10, Overflow::Wait);
    assert_eq!(buffer.take(5), (vec![1, 2], vec![3]));
    assert_eq!(buffer.take(3), (vec![4], vec![]));
}

#[test]
fn r16_marks_are_first_in_first_out_144() {
    let mut buffer = Marked::default();
    buffer.store(&[1, 2], 10, Overflow::Wait);
    for id in [3, 4, 5] {
        buffer.mark(id);
    }
    assert_eq!(buffer.take(5), (vec![1, 2], vec![3, 4, 5]));
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    Take(usize, usize),
    Trim(usize, bool),
    Mark,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..8usize).prop_map(Step::Push),
        (0..8usize, 0..4usize).prop_map(|(n, back)| Step::Take(n, back)),
        (0..12usize, any::<bool>()).prop_map(|(n, oldest)| Step::Trim(n, oldest)),
        Just(Step::Mark),
    ]
}

proptest! {
    /// Against a queue of events and marks.
    #[test]
    fn l03_and_l05_a_buffer_is_a_queue(script in vec(step(), 0..80)) {
        let mut buffer = Marked::default();
        let mut model: VecDeque<u32> = VecDeque::new();
        // Each mark with the event before it that is still in the queue.
        let mut marks: VecDeque<(u64, Option<u32>)> = VecDeque::new();
        let (mut next, mut mark) = (0, 0);
        for step in script {
            match step {
                Step::Push(n) => {
                    let events: Vec<u32> = (next..next + n as u32).collect();
                    next += n as u32;
                    buffer.buffer().push(events.clone().into());
                    model.extend(events);
                }
                Step::Take(n, back) => {
                    // All but the last few go for good.
                    let mut taken = buffer.buffer().take(n);
                    prop_assert!(taken.len() <= n);
                    prop_assert!(n == 0 || taken.is_empty() == model.is_empty());
                    let gone = taken.split_front(taken.len().saturating_sub(back));
                    buffer.buffer().put_back(taken);
                    prop_assert_eq!(gone.values.clone(), model.drain(..gone.len()).collect::<Vec<_>>());
                }
                Step::Trim(capacity, oldest) => {
                    let policy = if oldest { Overflow::DropOldest } else { Overflow::DropNewest };
                    // A mark hangs on what was stored: it is set after the buffer was trimmed, as an outlet does it.
                    let floor = marks.back().and_then(|&(_, at)| at).and_then(|at| model.iter().position(|&e| e == at));
                    let capacity = if oldest { capacity } else { capacity.max(floor.map_or(0, |at| at + 1)) };
                    let excess = model.len().saturating_sub(capacity);
                    let dropped = flat(buffer.buffer().trim(capacity, policy));
                    let from = if oldest { 0 } else { model.len() - excess };
                    prop_assert_eq!(dropped, model.drain(from..from + excess).collect::<Vec<_>>());
                }
                Step::Mark => {
                    buffer.mark(mark);
                    marks.push_back((mark, model.back().copied()));
                    mark += 1;
                }
            }
            let front = model.front().copied();
            let mut passed = Vec::new();
            while let Some((id, _)) = pop(&mut marks, front) {
                passed.push(id);
            }
            prop_assert_eq!(buffer.passed(), passed);
            prop_assert_eq!(buffer.buffer().len(), model.len());
        }
    }
}

/// The first mark, if the event it hangs on has left the queue.
fn pop(marks: &mut VecDeque<(u64, Option<u32>)>, front: Option<u32>) -> Option<(u64, Option<u32>)> {
    let &(_, at) = marks.front()?;
    let gone = at.is_none_or(|at| front.is_none_or(|front| at < front));
    if gone { marks.pop_front() } else { None }
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
