//! Columns against a plain model: whatever is done with them, each number is settled exactly once, and as the model says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What a source was told.
#[derive(Default)]
struct Book(Mutex<(Vec<u64>, Vec<u64>)>);

impl Acknowledger for Book {
    fn acknowledge(&self, receipts: &[u64]) {
        self.0.lock().unwrap().0.extend(receipts);
    }
    fn fail(&self, receipts: &[u64]) {
        self.0.lock().unwrap().1.extend(receipts);
    }
}

#[derive(Clone, Debug)]
enum Op {
    /// A source gives so many events.
    Give(usize, usize),
    /// The front of a column becomes one of its own.
    Split(usize, usize),
    /// A column goes behind another one.
    Append(usize, usize),
    /// The front of a column goes behind another one.
    Move(usize, usize, usize),
    /// A column is for so many readers.
    Fan(usize, usize),
    /// A column goes through a run whose events emit so many each; what is left then has failed.
    Carry(usize, Vec<usize>),
    /// The first receipt of a column is settled, or shared by so many and settled by each, one way or the other.
    Pop(usize, Vec<bool>),
    /// The first receipt of a column goes to another one's end.
    Push(usize, usize),
    /// A column is settled by one receipt.
    One(usize, bool),
    Settle(usize, bool),
}

fn op() -> impl Strategy<Value = Op> {
    let at = 0..6usize;
    prop_oneof![
        (0..2usize, 0..9usize).prop_map(|(s, n)| Op::Give(s, n)),
        (at.clone(), 0..9usize).prop_map(|(c, n)| Op::Split(c, n)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Op::Append(a, b)),
        (at.clone(), 0..9usize, at.clone()).prop_map(|(a, n, b)| Op::Move(a, n, b)),
        (at.clone(), 0..4usize).prop_map(|(c, n)| Op::Fan(c, n)),
        (at.clone(), vec(0..4usize, 0..12)).prop_map(|(c, each)| Op::Carry(c, each)),
        (at.clone(), vec(any::<bool>(), 1..4)).prop_map(|(c, how)| Op::Pop(c, how)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Op::Push(a, b)),
        (at.clone(), any::<bool>()).prop_map(|(c, done)| Op::One(c, done)),
        (at, any::<bool>()).prop_map(|(c, done)| Op::Settle(c, done)),
    ]
}

/// An event of the model: of which source, and its number.
type Mark = (usize, u64);

/// The model: how many events carry each receipt, and whether one has failed.
#[derive(Default)]
struct Model {
    left: BTreeMap<Mark, (usize, bool)>,
    told: [(Vec<u64>, Vec<u64>); 2],
}

impl Model {
    fn settle(&mut self, mark: Mark, done: bool) {
        let (left, failed) = self.left.get_mut(&mark).expect("it is not settled");
        *left -= 1;
        *failed |= !done;
        if *left == 0 {
            let told = &mut self.told[mark.0];
            if *failed {
                told.1.push(mark.1)
            } else {
                told.0.push(mark.1)
            }
            self.left.remove(&mark);
        }
    }

    fn carried(&mut self, mark: Mark, by: usize) {
        self.left.get_mut(&mark).expect("it is not settled").0 += by;
    }
}

proptest! {
    #[test]
    fn l11_settled_exactly_once(ops in vec(op(), 1..60)) {
        let books: [Arc<Book>; 2] = Default::default();
        let mut next = [0; 2];
        let mut model = Model::default();
        let mut columns: VecDeque<(Receipts, VecDeque<Mark>)> = VecDeque::new();
        for op in ops {
            let of = |column: usize| (!columns.is_empty()).then(|| column % columns.len());
            match op {
                Op::Give(source, n) => {
                    let numbers = next[source]..next[source] + n as u64;
                    next[source] = numbers.end;
                    let marks: VecDeque<_> = numbers.clone().map(|number| (source, number)).collect();
                    marks.iter().for_each(|&mark| _ = model.left.insert(mark, (1, false)));
                    columns.push_back((Receipts::new(books[source].clone(), numbers), marks));
                }
                Op::Split(column, n) => {
                    let Some(at) = of(column) else { continue };
                    let (receipts, marks) = &mut columns[at];
                    let front = receipts.split_front(n);
                    let marks = marks.drain(..n.min(marks.len())).collect();
                    columns.push_back((front, marks));
                }
                Op::Append(to, from) => {
                    let (Some(from), true) = (of(from), columns.len() > 1) else { continue };
                    let (receipts, marks) = columns.remove(from).unwrap();
                    let to = to % columns.len();
                    columns[to].0.append(receipts);
                    columns[to].1.extend(marks);
                }
                Op::Move(from, n, to) => {
                    let (Some(from), true) = (of(from), columns.len() > 1) else { continue };
                    let (mut receipts, mut marks) = columns.remove(from).unwrap();
                    let to = to % columns.len();
                    receipts.move_front(n, &mut columns[to].0);
                    let front = marks.drain(..n.min(marks.len()));
                    columns[to].1.extend(front);
                    columns.push_back((receipts, marks));
                }
                Op::Fan(column, n) => {
                    let Some(at) = of(column) else { continue };
                    let (receipts, marks) = columns.remove(at).unwrap();
                    if n == 0 {
                        marks.iter().for_each(|&mark| model.settle(mark, false));
                    } else {
                        marks.iter().for_each(|&mark| model.carried(mark, n - 1));
                    }
                    columns.extend(receipts.fan_out(n).into_iter().map(|column| (column, marks.clone())));
                }
                Op::Carry(column, each) => {
                    let Some(at) = of(column) else { continue };
                    let (receipts, mut marks) = columns.remove(at).unwrap();
                    let mut yields = Yields::default();
                    let mut out = Events::from(vec![(), ()]);
                    let mut after = VecDeque::new();
                    for emitted in each.into_iter().take(marks.len()) {
                        yields.add(emitted);
                        out.values.extend(vec![(); emitted]);
                        let mark = marks.pop_front().unwrap();
                        if emitted == 0 { model.settle(mark, true) } else { model.carried(mark, emitted - 1) }
                        after.extend(vec![mark; emitted]);
                    }
                    let mut column = Some(receipts);
                    out.carry(2, &mut column, &yields);
                    prop_assert_eq!(column.as_ref().map_or(0, Receipts::len), marks.len());
                    drop(column);
                    marks.iter().for_each(|&mark| model.settle(mark, false));
                    if let Some(mut receipts) = out.receipts {
                        drop(receipts.split_front(2));
                        columns.push_back((receipts, after));
                    }
                }
                Op::Pop(column, how) => {
                    let Some(at) = of(column) else { continue };
                    let (receipts, marks) = &mut columns[at];
                    let receipt = receipts.pop();
                    prop_assert_eq!(receipt.is_some(), !marks.is_empty());
                    if let (Some(mut receipt), Some(mark)) = (receipt, marks.pop_front()) {
                        let shares: Vec<_> = how[1..].iter().map(|_| receipt.share()).collect();
                        model.carried(mark, shares.len());
                        for (share, done) in shares.into_iter().chain([receipt]).zip(how) {
                            share.settle(done);
                            model.settle(mark, done);
                        }
                    }
                }
                Op::Push(from, to) => {
                    let (Some(from), Some(to)) = (of(from), of(to)) else { continue };
                    if let (Some(receipt), Some(mark)) = (columns[from].0.pop(), columns[from].1.pop_front()) {
                        columns[to].0.push(receipt);
                        columns[to].1.push_back(mark);
                    }
                }
                Op::One(column, done) => {
                    let Some(at) = of(column) else { continue };
                    let (receipts, marks) = columns.remove(at).unwrap();
                    if let Some(one) = receipts.into_one() {
                        one.settle(done);
                    }
                    marks.iter().for_each(|&mark| model.settle(mark, done));
                }
                Op::Settle(column, done) => {
                    let Some(at) = of(column) else { continue };
                    let (receipts, marks) = columns.remove(at).unwrap();
                    if done { receipts.acknowledge() } else { drop(receipts) }
                    marks.iter().for_each(|&mark| model.settle(mark, done));
                }
            }
            for (receipts, marks) in &columns {
                prop_assert_eq!((receipts.len(), receipts.is_empty()), (marks.len(), marks.is_empty()));
            }
            for (book, told) in books.iter().zip(&mut model.told) {
                let mut said = book.0.lock().unwrap();
                said.0.sort_unstable();
                said.1.sort_unstable();
                told.0.sort_unstable();
                told.1.sort_unstable();
                prop_assert_eq!((&said.0, &said.1), (&told.0, &told.1));
            }
        }
        drop(columns);
        for (book, next) in books.iter().zip(next) {
            let said = book.0.lock().unwrap();
            let mut all = [said.0.clone(), said.1.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..next).collect::<Vec<_>>());
        }
    }
}

#[test]
fn one_column_is_settled_by_one_call() {
    #[derive(Default)]
    struct Calls(Mutex<Vec<Vec<u64>>>);
    impl Acknowledger for Calls {
        fn acknowledge(&self, receipts: &[u64]) {
            self.0.lock().unwrap().push(receipts.to_vec());
        }
        fn fail(&self, _: &[u64]) {}
    }
    let calls = Arc::new(Calls::default());
    let mut events = Events::with_receipts(vec![1, 2, 3], Receipts::new(calls.clone(), 0..3));
    events.append(Events::with_receipts(vec![4, 5], Receipts::new(calls.clone(), 3..5)));
    let mut portions = Portions::from(events);
    portions.take(2).acknowledge();
    let mut yields = Yields::default();
    [0, 1, 0].into_iter().for_each(|emitted| yields.add(emitted));
    let Events { values, mut receipts } = portions.take(9);
    assert_eq!(values, [3, 4, 5]);
    let mut out = Events::from(vec![40]);
    out.carry(0, &mut receipts, &yields);
    out.acknowledge();
    assert_eq!(*calls.0.lock().unwrap(), [vec![0, 1], vec![2, 4], vec![3]]);
}
