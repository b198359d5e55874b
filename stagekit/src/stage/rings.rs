//! Which stages of a graph lead back to themselves, and which acknowledge events that nobody looks at. Looked at before anything is wired, in the words of `pipeline!`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::outline::text::round as round_of;
use crate::ring::Ring;
use crate::stage::place::{Stage, Wrong};

/// A stage among the others.
#[derive(Default)]
pub(crate) struct Links {
    pub(crate) name: Arc<str>,
    /// What tells its inlet from others.
    pub(crate) intake: Option<usize>,
    /// The inlets that it leads to.
    pub(crate) feeds: Vec<usize>,
    /// It closes a loop, in which so many events go round.
    pub(crate) back: Option<usize>,
    /// It takes batches of this size.
    pub(crate) batch: Option<usize>,
    /// It emits whenever it likes.
    pub(crate) is_live: bool,
    /// What it emits is acknowledged.
    pub(crate) acknowledges: bool,
    /// What it emits is discarded.
    pub(crate) discards: bool,
}

/// Finds the rings, and tells the stages that stand on one.
pub(super) fn find(stages: &mut [Stage]) -> Result<(), Wrong> {
    let links: Vec<Links> = stages.iter().map(Stage::links).collect();
    let at: HashMap<usize, usize> =
        links.iter().enumerate().filter_map(|(at, link)| Some((link.intake?, at))).collect();
    let feeds: Vec<Vec<usize>> =
        links.iter().map(|link| link.feeds.iter().filter_map(|intake| at.get(intake).copied()).collect()).collect();
    unmarked(&links, &feeds)?;
    unseen(&links, &feeds);
    let backs: Vec<usize> = (0..links.len()).filter(|&at| links[at].back.is_some()).collect();
    let mut done = vec![false; links.len()];
    for &back in &backs {
        if std::mem::replace(&mut done[back], true) {
            continue;
        }
        let behind = reached(back, &feeds);
        // What leads to it again.
        let mut before = vec![Vec::new(); links.len()];
        feeds.iter().enumerate().for_each(|(from, to)| to.iter().for_each(|&to| before[to].push(from)));
        let before = reached(back, &before);
        let members: Vec<usize> = (0..links.len()).filter(|&at| behind[at] && before[at]).collect();
        if members.is_empty() {
            let to = &links[back].name;
            let text = format!("it closes no loop: nothing leads from `{to}` back to here; write `=> {to}`");
            return Err((format!("feedback {to}").into(), text));
        }
        // All of them could come together in the smallest.
        let room = members.iter().filter_map(|&at| links[at].back).min().unwrap_or(1);
        for &at in &members {
            let Links { name, batch, is_live, .. } = &links[at];
            if *is_live {
                let text = "a stage of callbacks emits whenever it likes, so a loop through it would have no end: put it outside of the loop";
                return Err((name.clone(), text.into()));
            }
            if let Some(size) = batch.filter(|&size| (1..size).contains(&room)) {
                let text = format!(
                    "a batch of {size} can never fill: `feedback` lets {room} events go round, let it be {size} or more"
                );
                return Err((name.clone(), text));
            }
        }
        let ring = Ring::new(room);
        for at in members {
            done[at] = true;
            stages[at].stand_on(&ring);
        }
    }
    Ok(())
}

/// Events whose source is told that they have had their effect, and that were discarded.
fn unseen(links: &[Links], feeds: &[Vec<usize>]) {
    for source in (0..links.len()).filter(|&at| links[at].acknowledges) {
        let mut behind = reached(source, feeds);
        behind[source] = true;
        for last in (0..links.len()).filter(|&at| behind[at] && links[at].discards) {
            let (source, last) = (&*links[source].name, &*links[last].name);
            tracing::warn!(
                stage = source,
                "its events are acknowledged, and a path from it ends in `{last} => _`: if it is enough that they get there, \
                 say so with a consumer, `{last} => |_| ()`"
            );
        }
    }
}

/// The stages that are led to from one, at whatever distance; itself only if it leads to itself.
fn reached(from: usize, feeds: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; feeds.len()];
    let mut left = vec![from];
    while let Some(at) = left.pop() {
        for &to in &feeds[at] {
            if !std::mem::replace(&mut reached[to], true) {
                left.push(to);
            }
        }
    }
    reached
}

/// A cycle without `feedback` would wait for itself.
fn unmarked(links: &[Links], feeds: &[Vec<usize>]) -> Result<(), Wrong> {
    let mut before = vec![0; links.len()];
    let onward = |at: usize| if links[at].back.is_some() { &[][..] } else { &feeds[at][..] };
    (0..links.len()).flat_map(onward).for_each(|&to| before[to] += 1);
    let mut free: VecDeque<usize> = (0..links.len()).filter(|&at| before[at] == 0).collect();
    while let Some(at) = free.pop_front() {
        for &to in onward(at) {
            before[to] -= 1;
            if before[to] == 0 {
                free.push_back(to);
            }
        }
    }
    let Some(start) = (0..links.len()).find(|&at| before[at] > 0) else { return Ok(()) };
    // Against the arrows, to be on the cycle and not behind it.
    let mut way = vec![start];
    loop {
        let here = way[way.len() - 1];
        let Some(from) = (0..links.len()).find(|&at| before[at] > 0 && onward(at).contains(&here)) else {
            return Ok(());
        };
        if let Some(first) = way.iter().position(|&at| at == from) {
            let mut round = way.split_off(first);
            round.reverse();
            let least = (0..round.len()).min_by_key(|&at| round[at]).unwrap_or(0);
            round.rotate_left(least);
            round.push(round[0]);
            let names: Vec<&str> = round.iter().map(|&at| &*links[at].name).collect();
            return Err((names[0].into(), round_of(&names)));
        }
        way.push(from);
    }
}

/// Of the ring itself: its file is part of the model, where its lock works in a model only.
#[cfg(test)]
mod tests {
    use std::task::Waker;

    use crate::ring::Ring;

    #[test]
    fn a_ring_is_over_when_nothing_is_there_and_nothing_can_come() {
        let ring = Ring::new(4);
        let waker = Waker::noop();
        ring.open();
        assert!(!ring.is_over(waker), "something may come");
        assert_eq!(ring.admit(3, None), 3);
        ring.close();
        assert!(!ring.is_over(waker), "three are there");
        // One of them makes two, which rest.
        let mut resting = 0;
        ring.rest(&mut resting, 2);
        ring.leave(3);
        assert!(!ring.is_over(waker), "two rest");
        ring.enter(2);
        ring.rest(&mut resting, 0);
        ring.leave(2);
        assert!(ring.is_over(waker));
    }

    #[test]
    fn no_more_enter_than_there_is_room_for() {
        let ring = Ring::new(4);
        ring.open();
        assert_eq!([ring.admit(3, None), ring.admit(3, None), ring.admit(3, None)], [3, 1, 0]);
        // What is made inside is not turned away.
        ring.enter(5);
        ring.leave(5);
        assert_eq!(ring.admit(3, None), 0);
        ring.leave(2);
        assert_eq!(ring.admit(3, None), 2);
    }

    #[test]
    fn a_batch_that_all_wait_for_is_handled_as_it_is() {
        let ring = Ring::new(4);
        let (mut one, mut other, waker) = (0, 0, Waker::noop());
        ring.open();
        ring.admit(2, None);
        assert!(!ring.park(&mut one, 2, waker), "more may come");
        ring.admit(2, None);
        assert!(!ring.park(&mut one, 2, waker), "the ring is full, and two are under way");
        assert!(ring.park(&mut other, 2, waker), "nobody else can move");
        assert!(ring.park(&mut one, 2, waker));
        ring.park(&mut other, 0, waker);
        ring.leave(2);
        assert!(!ring.park(&mut one, 2, waker), "there is room for more");
        ring.close();
        assert!(ring.park(&mut one, 2, waker), "nobody comes");
    }
}
