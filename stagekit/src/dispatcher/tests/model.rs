//! Random scripts, against models that are slow and plainly right.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const SUBS: usize = 6;

#[derive(Clone, Debug)]
enum Step {
    /// The number says which selector, or which partition.
    Join(Sub, u32),
    Ask(Sub, usize),
    Cancel(Sub),
    Dispatch(usize),
    Mark,
}

fn script() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..SUBS, 0..4u32).prop_map(|(sub, kind)| Step::Join(sub, kind)),
        4 => (0..SUBS, 0..9usize).prop_map(|(sub, n)| Step::Ask(sub, n)),
        1 => (0..SUBS).prop_map(Step::Cancel),
        4 => (0..24usize).prop_map(Step::Dispatch),
        1 => Just(Step::Mark),
    ];
    // Who is there from the beginning: else most scripts end before anybody has asked.
    let first = vec((0..SUBS, 0..4u32).prop_map(|(sub, kind)| Step::Join(sub, kind)), 0..SUBS);
    (first, vec(step, 0..60)).prop_map(|(first, steps)| [first, steps].concat())
}

/// `n` events more: those that were left over, then new ones.
fn supply(left: &mut Vec<u32>, next: &mut u32, n: usize) -> Vec<u32> {
    let mut events = std::mem::take(left);
    events.extend(*next..*next + n as u32);
    *next += n as u32;
    events
}

/// GenStage's sorted list, word for word.
#[derive(Default)]
struct DemandModel(Vec<(usize, Sub)>);

impl DemandModel {
    fn insert(&mut self, demand: usize, sub: Sub) {
        let at = self.0.iter().position(|&(other, _)| other < demand).unwrap_or(self.0.len());
        self.0.insert(at, (demand, sub));
    }
    fn remove(&mut self, sub: Sub) -> Option<usize> {
        let at = self.0.iter().position(|&(_, other)| other == sub)?;
        Some(self.0.remove(at).0)
    }
    fn dispatch(&mut self, mut events: Vec<u32>) -> (Vec<(Sub, Vec<u32>)>, Vec<u32>) {
        let mut sent = Vec::new();
        while !events.is_empty() && self.0.first().is_some_and(|&(demand, _)| demand > 0) {
            let (demand, sub) = self.0.remove(0);
            let n = demand.min(events.len());
            sent.push((sub, events.drain(..n).collect()));
            self.insert(demand - n, sub);
        }
        (sent, events)
    }
}

proptest! {
    /// R19 and R20 to the letter.
    #[test]
    fn demand_is_the_sorted_list(script in script()) {
        let (mut probe, mut model) = (Probe::new(Demand::new()), DemandModel::default());
        let (mut left, mut next) = (Vec::new(), 0);
        for step in script {
            match step {
                Step::Join(sub, _) if !model.0.iter().any(|&(_, other)| other == sub) => {
                    probe.join(sub);
                    model.0.push((0, sub));
                }
                Step::Ask(sub, n) => {
                    probe.ask(sub, n);
                    // Nothing has changed with an ask for nothing.
                    if let Some(demand) = (n > 0).then(|| model.remove(sub)).flatten() {
                        model.insert(demand + n, sub);
                    }
                }
                Step::Cancel(sub) => {
                    probe.cancel(sub);
                    model.remove(sub);
                }
                Step::Dispatch(n) => {
                    let events = supply(&mut left, &mut next, n);
                    let (sent, over) = model.dispatch(events.clone());
                    prop_assert!(probe.demand() == 0 || events.is_empty() || over.len() < events.len(), "l06");
                    left = probe.dispatch(events);
                    prop_assert_eq!(&left, &over);
                    prop_assert_eq!(probe.sent(), sent);
                }
                Step::Join(..) | Step::Mark => {}
            }
            prop_assert_eq!(probe.demand(), model.0.iter().map(|&(demand, _)| demand).sum::<usize>());
        }
    }
}

fn wanted(kind: u32, event: u32) -> bool {
    kind == 0 || event % 3 >= kind
}

proptest! {
    /// l09: the same sequence to all, from when they joined, less what they do not want.
    #[test]
    fn broadcast_is_the_same_to_all(script in script(), lending in any::<bool>()) {
        let mut probe = Probe::new(if lending { Broadcast::lending() } else { Broadcast::new() });
        // Each with its kind and its demand.
        let mut model: BTreeMap<Sub, (u32, usize)> = BTreeMap::new();
        let (mut left, mut next) = (Vec::new(), 0);
        for step in script {
            match step {
                Step::Join(sub, kind) if !model.contains_key(&sub) => {
                    match kind {
                        0 => probe.join(sub),
                        kind => probe.select(sub, move |&event| wanted(kind, event)),
                    }
                    model.insert(sub, (kind, 0));
                }
                Step::Join(sub, _) => {
                    prop_assert!(probe.0.subscribe(SUBS, &Subscribe::new(), 1000 + sub).is_err(), "Q3");
                }
                Step::Ask(sub, n) => {
                    probe.ask(sub, n);
                    if let Some(leg) = model.get_mut(&sub) {
                        leg.1 += n;
                    }
                }
                Step::Cancel(sub) => {
                    probe.cancel(sub);
                    model.remove(&sub);
                }
                Step::Dispatch(n) => {
                    let events = supply(&mut left, &mut next, n);
                    let n = model.values().map(|leg| leg.1).min().unwrap_or(0).min(events.len());
                    left = probe.dispatch(events.clone());
                    prop_assert_eq!(&left, &events[n..], "l06, l09: as far as the slowest has asked");
                    let mut got: HashMap<Sub, Vec<u32>> = HashMap::new();
                    for (sub, batch) in probe.sent() {
                        prop_assert!(!batch.is_empty(), "Q11");
                        prop_assert!(lending || !got.contains_key(&sub), "one message");
                        got.entry(sub).or_default().extend(batch);
                    }
                    for (sub, (kind, demand)) in &mut model {
                        let mine: Vec<u32> = events[..n].iter().copied().filter(|&event| wanted(*kind, event)).collect();
                        *demand = demand.checked_sub(mine.len()).expect("l01");
                        prop_assert_eq!(got.remove(sub).unwrap_or_default(), mine, "l09");
                    }
                    prop_assert!(got.is_empty(), "l08: {:?}", got);
                }
                Step::Mark => {}
            }
            prop_assert_eq!(probe.demand(), model.values().map(|leg| leg.1).min().unwrap_or(0));
        }
    }
}

#[derive(Default)]
struct PartModel {
    sub: Option<Sub>,
    demand: usize,
    queue: Vec<u32>,
}

const PARTS: usize = 4;
const BOUND: usize = 7;

#[derive(Default)]
struct PartitionModel {
    parts: [PartModel; PARTS],
    sent: Vec<(Sub, Vec<u32>)>,
    discarded: Vec<u32>,
    filtered: u64,
    fault: bool,
    /// The events that each mark waits for.
    marks: Vec<(u64, HashSet<u32>)>,
}

impl PartitionModel {
    fn demand(&self, policy: Overflow) -> usize {
        let full = policy == Overflow::Wait && self.parts.iter().any(|part| part.queue.len() >= BOUND);
        if full { 0 } else { self.parts.iter().map(|part| part.demand).sum() }
    }
    fn resting(&self) -> usize {
        self.parts.iter().map(|part| part.queue.len()).sum()
    }
    fn home(&mut self, sub: Sub) -> Option<&mut PartModel> {
        self.parts.iter_mut().find(|part| part.sub == Some(sub))
    }
    fn serve(&mut self, policy: Overflow) {
        for part in &mut self.parts {
            let n = part.demand.min(part.queue.len());
            if let (Some(sub), true) = (part.sub, n > 0) {
                part.demand -= n;
                self.sent.push((sub, part.queue.drain(..n).collect()));
            }
            let excess = part.queue.len().saturating_sub(BOUND);
            match policy {
                Overflow::DropOldest => self.discarded.extend(part.queue.drain(..excess)),
                Overflow::DropNewest => self.discarded.extend(part.queue.split_off(part.queue.len() - excess)),
                Overflow::Fail | Overflow::Wait => {}
            }
        }
    }
    fn dispatch(&mut self, events: &mut Vec<u32>, policy: Overflow) {
        let mut room = self.demand(policy);
        let before = self.parts.each_ref().map(|part| part.queue.len());
        while room > 0 && !events.is_empty() {
            let event = events.remove(0);
            if event % 11 == 10 {
                self.filtered += 1;
            } else {
                self.parts[event as usize % PARTS].queue.push(event);
                room -= 1;
            }
        }
        self.serve(policy);
        let grown = self.parts.iter().zip(before).any(|(part, before)| part.queue.len() > before.max(BOUND));
        self.fault |= policy == Overflow::Fail && grown;
    }
    /// The marks that none of their events rests before any more.
    fn passed(&mut self) -> Vec<u64> {
        let resting: HashSet<u32> = self.parts.iter().flat_map(|part| part.queue.iter().copied()).collect();
        let (passed, waiting) =
            std::mem::take(&mut self.marks).into_iter().partition(|mark| mark.1.is_disjoint(&resting));
        self.marks = waiting;
        let passed: Vec<(u64, HashSet<u32>)> = passed;
        passed.into_iter().map(|mark| mark.0).collect()
    }
}

proptest! {
    /// l03, l05 and the bound, with each policy.
    #[test]
    fn partition_is_a_queue_for_each(script in script(), policy in 0..4usize) {
        let policy = [Overflow::Wait, Overflow::DropOldest, Overflow::DropNewest, Overflow::Fail][policy];
        let hash = |n: u32| (n % 11 != 10).then_some((n, n % PARTS as u32));
        let mut probe = Probe::new(Partition::new(0..PARTS as u32, hash).on_full(BOUND, policy));
        let mut model = PartitionModel::default();
        let (mut left, mut next, mut mark, mut sent, mut round) = (Vec::new(), 0, 0, 0, 0);
        for step in script {
            let demand = model.demand(policy);
            round = round.max(demand);
            match step {
                Step::Join(sub, name) if model.home(sub).is_none() => {
                    let joined = probe.0.subscribe(sub, &Subscribe::new().partition(name), 0);
                    let part = &mut model.parts[name as usize];
                    prop_assert_eq!(joined.is_ok(), part.sub.is_none());
                    part.sub.get_or_insert(sub);
                }
                Step::Ask(sub, n) => {
                    probe.ask(sub, n);
                    if let Some(part) = model.home(sub) {
                        part.demand += n;
                    }
                    model.serve(policy);
                }
                Step::Cancel(sub) => {
                    probe.cancel(sub);
                    if let Some(part) = model.home(sub) {
                        (part.sub, part.demand) = (None, 0);
                    }
                }
                Step::Dispatch(n) => {
                    let events = supply(&mut left, &mut next, n);
                    let mut over = events.clone();
                    model.dispatch(&mut over, policy);
                    prop_assert!(demand == 0 || events.is_empty() || over.len() < events.len(), "l06");
                    left = probe.dispatch(events);
                    prop_assert_eq!(&left, &over);
                }
                Step::Mark => {
                    let last: HashSet<u32> = model.parts.iter().filter_map(|part| part.queue.last().copied()).collect();
                    prop_assert_eq!(probe.0.mark(mark), !last.is_empty());
                    if !last.is_empty() {
                        model.marks.push((mark, last));
                    }
                    mark += 1;
                }
                Step::Join(..) => {}
            }
            sent += model.sent.iter().map(|(_, batch)| batch.len()).sum::<usize>();
            prop_assert_eq!(probe.sent(), std::mem::take(&mut model.sent), "l01, l05");
            prop_assert_eq!(std::iter::from_fn(|| probe.0.passed()).collect::<Vec<_>>(), model.passed());
            let mut discarded = probe.discarded();
            left.iter().for_each(|event| assert!(!discarded.contains(event)));
            sent += discarded.len();
            discarded.sort_unstable();
            model.discarded.sort_unstable();
            prop_assert_eq!(discarded, std::mem::take(&mut model.discarded));
            prop_assert_eq!((probe.demand(), probe.0.resting()), (model.demand(policy), model.resting()));
            prop_assert_eq!(probe.0.filtered(), model.filtered);
            let fault = probe.0.take_fault().is_some();
            let expected = std::mem::take(&mut model.fault);
            prop_assert!(fault || !expected);
            prop_assert!(!fault || policy == Overflow::Fail && model.parts.iter().any(|part| part.queue.len() > BOUND));
            let all = sent + left.len() + probe.0.resting() + model.filtered as usize;
            prop_assert_eq!(all, next as usize, "l03");
            if policy == Overflow::Wait {
                let most = model.parts.iter().map(|part| part.queue.len()).max().unwrap_or(0);
                prop_assert!(most < BOUND + round.max(1), "R32: at most one round beyond the bound");
            }
        }
    }

    /// l10: the key's partition gets the event, whatever the demand.
    #[test]
    fn l10_one_key_one_partition(keys in vec(0..20u64, 0..60), asks in vec((0..3usize, 0..9usize), 0..40)) {
        let hash = |event: &u32| u64::from(*event % 20).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let subs = (0..3).map(|sub| (sub, 5));
        let mut probe = Probe(Dispatcher::Partition(Partition::by_key(Arc::new(Mutex::new(each_key(hash))), subs)), vec![]);
        let mut events: Vec<u32> = keys.iter().enumerate().map(|(at, &key)| at as u32 * 20 + key as u32).collect();
        let mut got: HashMap<u32, (Sub, u32)> = HashMap::new();
        for (sub, n) in asks {
            probe.ask(sub, n);
            events = probe.dispatch(events);
            for (sub, batch) in probe.sent() {
                for event in batch {
                    if let Some((other, before)) = got.insert(event % 20, (sub, event)) {
                        prop_assert_eq!(other, sub, "l10");
                        prop_assert!(before < event, "l05");
                    }
                }
            }
        }
    }
}
