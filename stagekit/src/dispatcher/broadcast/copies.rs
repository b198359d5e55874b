//! What each leg of a broadcast gets: copies of the events, or a loan of them, less what its selector does not want.

use std::ops::Range;

use super::{Broadcast, Place};
use crate::batch::{Batch, Lend, Way};
use crate::error::Cause;
use crate::receipt::{Events, Receipts};

/// The runs of neighbours that a leg wants; `None` is all of them.
pub(super) type Pick = Option<Vec<Range<usize>>>;

/// What each leg wants, and how many events a leg does not.
type Picked = (Vec<Pick>, Vec<(u32, usize)>);

impl<T> Broadcast<T> {
    /// What each selective leg wants, and how many events it does not; or that a selector panicked.
    pub(super) fn pick(&self, events: &[T]) -> Result<Picked, Cause> {
        let (mut picks, mut rejected) = (Vec::new(), Vec::new());
        if self.selective == 0 {
            return Ok((picks, rejected));
        }
        for (leg, place) in self.legs.iter().enumerate() {
            let pick = match &place.selector {
                None => None,
                Some(wants) => {
                    Some(crate::dispatcher::calmly("a selector of its broadcast", || runs(events, &**wants))?)
                }
            };
            let wanted = pick.as_ref().map_or(events.len(), |pick| count(pick));
            if wanted < events.len() {
                rejected.push((leg as u32, events.len() - wanted));
                picks.push(pick);
            } else {
                picks.push(None);
            }
        }
        Ok((picks, rejected))
    }
}

fn count(runs: &[Range<usize>]) -> usize {
    runs.iter().map(Range::len).sum()
}

/// Of `n` events, how many a leg wants.
pub(super) fn wanted(picks: &[Pick], leg: usize, n: usize) -> usize {
    picks.get(leg).and_then(Option::as_deref).map_or(n, count)
}

/// The batches for each leg, made as they are sent: one, or none where nothing is wanted (GenStage sends an empty one:
/// Q11). If a clone panics, so many legs were `served`.
pub(super) fn copies<T>(
    legs: &[Place<T>],
    events: Events<T>,
    picks: &[Pick],
    served: &mut usize,
    send: &mut dyn FnMut(&Place<T>, Batch<T>),
) {
    let pick = |leg: usize| picks.get(leg).and_then(Option::as_deref);
    let mut columns = events.receipts.map(|receipts| receipts.fan_out(legs.len()).into_iter());
    let mut column = || columns.as_mut().and_then(Iterator::next);
    let lender = legs.iter().find_map(|leg| match &leg.copier.0 {
        Way::Lend(lend) => Some(*lend),
        Way::Clone(_) => None,
    });
    let (lent, mut values) = match lender {
        Some(lend) => (Some(lend(events.values)), None),
        None => (None, Some(events.values)),
    };
    for (leg, place) in legs.iter().enumerate() {
        let (pick, receipts) = (pick(leg), column());
        match (&place.copier.0, &lent) {
            (Way::Lend(_), Some(lent)) => {
                *served = leg + 1;
                lend_runs(&**lent, pick, receipts, |batch| send(place, batch));
            }
            _ => {
                let all = lent.as_ref().map(|lent| lent.events()).or(values.as_deref()).unwrap_or_default();
                let values = match pick {
                    Some(pick) => pick.iter().flat_map(|run| clone(place, &all[run.clone()])).collect(),
                    // The last leg gets the original.
                    None if leg + 1 == legs.len() && lent.is_none() => values.take().unwrap_or_default(),
                    None => clone(place, all),
                };
                *served = leg + 1;
                if !values.is_empty() {
                    let receipts = receipts.map(|receipts| selected(receipts, pick));
                    send(place, Batch::Owned(Events { values, receipts }));
                } else if let Some(receipts) = receipts {
                    receipts.acknowledge();
                }
            }
        }
    }
}

fn runs<T>(events: &[T], wants: &dyn Fn(&T) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if wants(event) {
            match runs.last_mut() {
                Some(run) if run.end == at => run.end += 1,
                _ => runs.push(at..at + 1),
            }
        }
    }
    runs
}

fn clone<T>(leg: &Place<T>, events: &[T]) -> Vec<T> {
    match &leg.copier.0 {
        Way::Clone(clone) => clone(events),
        Way::Lend(_) => Vec::new(),
    }
}

/// The receipts of the events that are wanted. With the others there is nothing to be done here, and it is done.
fn selected(mut receipts: Receipts, pick: Option<&[Range<usize>]>) -> Receipts {
    let Some(pick) = pick else { return receipts };
    let mut wanted = receipts.empty_like();
    let mut at = 0;
    for run in pick {
        receipts.split_front(run.start - at).acknowledge();
        wanted.append(receipts.split_front(run.len()));
        at = run.end;
    }
    receipts.acknowledge();
    wanted
}

fn lend_runs<T>(
    lent: &dyn Lend<T>,
    pick: Option<&[Range<usize>]>,
    receipts: Option<Receipts>,
    mut push: impl FnMut(Batch<T>),
) {
    let Some(pick) = pick else { return push(Batch::Lent(lent.another(0..lent.events().len()), receipts)) };
    let mut receipts = receipts.map(|receipts| selected(receipts, Some(pick)));
    for run in pick {
        let column = receipts.as_mut().map(|receipts| receipts.split_front(run.len()));
        push(Batch::Lent(lent.another(run.clone()), column));
    }
}
