//! Every form of the language, run.

use std::sync::Arc;

use stagekit::prelude::*;

use super::{Seen, double, note, numbers, picky, sum};

#[tokio::test]
async fn chains_fused_and_not() {
    let seen = Seen::default();
    pipeline!(numbers(0..3) => double -> double.name("fused") => |n| n + 1 -> |n: u64| n.to_string() => note::<_>(seen.clone()))
        .run()
        .await
        .unwrap();
    assert_eq!(seen.all(), ["1", "5", "9"]);
}

#[tokio::test]
async fn closures_of_every_kind() {
    let seen = Seen::default();
    let add = 10;
    pipeline! {
        numbers(0..10)
            -> filter |n| n % 2 == 0
            -> flat_map |n| [n, n + add]
            -> inspect |n| assert!(*n < 20)
            => try_map |n| if n == 18 { Err("eighteen".to_owned()) } else { Ok(n) } else _
            => (|n: u64| n * 100).workers(2)
            => (|n: &u64| n / 100).name("by reference")
            => note::<_>(seen.clone())
    }
    .run()
    .await
    .unwrap();
    assert_eq!(seen.sorted(), [0, 2, 4, 6, 8, 10, 12, 14, 16]);
}

#[tokio::test]
async fn lists_in_every_mode() {
    let (a, b) = (Seen::default(), Seen::default());
    pipeline! { numbers(0..100) => [note::<_>(a.clone()), note::<_>(b.clone()).name("b")] }.run().await.unwrap();
    assert_eq!((a.all(), b.all()), ((0..100).collect(), (0..100).collect()));

    let (a, b) = (Seen::default(), Seen::default());
    pipeline! {
        numbers(0..100) => any [note::<_>(a.clone()).max_demand(5), note::<_>(b.clone()).name("b").max_demand(5)]
    }
    .run()
    .await
    .unwrap();
    assert_eq!(a.len() + b.len(), 100);
    assert!(!a.is_empty() && !b.is_empty(), "both share the work: {} and {}", a.len(), b.len());

    let seen = Seen::default();
    #[producer_consumer]
    fn tagged(n: u64, #[state] mine: &mut Vec<u64>) -> (u64, Vec<u64>) {
        mine.push(n % 7);
        (n, mine.clone())
    }
    pipeline! { numbers(0..100) => by |n| n % 7 [tagged.workers(3)] => note::<_>(seen.clone()) }.run().await.unwrap();
    for (n, keys) in seen.all() {
        let firsts: Vec<_> = seen.all().into_iter().filter(|(m, _)| m % 7 == n % 7).map(|(_, keys)| keys[0]).collect();
        assert!(firsts.iter().all(|first| *first == keys[0]), "one key, one worker");
    }
}

#[tokio::test]
async fn legs_may_be_paths_and_meet_again() {
    let (even, all) = (Seen::default(), Seen::default());
    let finished = pipeline! {
        let total = sum(0);
        numbers(0..10) => [
            filter |n| n % 2 == 0 => note::<_>(even.clone()),
            double => [total, note::<_>(all.clone()).name("all")],
            double.name("more") => total,
        ];
    }
    .run()
    .await
    .unwrap();
    assert_eq!((even.all(), all.len(), finished.total), (vec![0, 2, 4, 6, 8], 10, 180));
}

#[tokio::test]
async fn several_producers_meet_in_one_stage() {
    let finished = pipeline! { let total = sum(0); [numbers(0..10), numbers(10..20).name("more")] => double => total }
        .run()
        .await
        .unwrap();
    assert_eq!(finished.total, 380);
    let finished = pipeline! {
        let total = sum(0);
        numbers(0..10) => total;
        numbers(10..20).name("more") -> double => total.max_demand(3);
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.total, 45 + 290);
}

#[tokio::test]
async fn a_shared_stage_leads_on() {
    let (a, b) = (Seen::default(), Seen::default());
    let summary = pipeline! {
        let doubled = double;
        numbers(0..5) => doubled;
        numbers(5..10).name("more") => doubled;
        doubled => note::<_>(a.clone());
        doubled => note::<_>(b.clone()).name("b");
    }
    .run()
    .await
    .unwrap();
    assert_eq!((a.sorted(), b.len()), ((0..10).map(|n| n * 2).collect(), 10));
    assert_eq!(summary.stage("double").unwrap().events_in, 10);
}

#[tokio::test]
async fn else_anywhere() {
    let (bad, seen) = (Seen::default(), Seen::default());
    pipeline! {
        let quarantine = note::<_>(bad.clone()).name("quarantine");
        numbers(1..10)
            => picky else quarantine
            -> |n| n + 1
            -> picky.name("again") else quarantine
            => note::<_>(seen.clone());
    }
    .run()
    .await
    .unwrap();
    assert_eq!(seen.all(), [2, 5, 8]);
    assert_eq!(bad.len(), 6);
}

#[tokio::test]
async fn a_type_that_cannot_be_cloned_is_lent_to_a_broadcast() {
    #[derive(Debug)]
    struct Connection(u64);
    #[producer_consumer]
    fn open(n: u64) -> Connection {
        Connection(n)
    }
    #[consumer]
    fn look(connection: &Connection, seen: &Seen<u64>) {
        seen.push(connection.0);
    }
    #[consumer]
    async fn gaze(connection: &Connection, seen: &Seen<u64>) {
        tokio::task::yield_now().await;
        seen.push(connection.0);
    }
    let seen: [Seen<u64>; 4] = Default::default();
    let [a, b, c, d] = seen.clone();
    pipeline! {
        numbers(0..100) => open => [
            look(a),
            gaze(b),
            gaze(c).concurrency(7).name("concurrent"),
            look(d).workers(3).max_demand(4).name("workers"),
        ]
    }
    .run()
    .await
    .unwrap();
    for seen in seen {
        assert_eq!(seen.sorted(), (0..100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn stages_are_still_functions() {
    assert_eq!(double(21), 42);
    assert_eq!(picky(4), Ok(4));
    let mut total = 1;
    sum(2, &mut total);
    assert_eq!(total, 3);
    let double = 5;
    assert_eq!(double, 5);
}

mod elsewhere {
    use stagekit::{consumer as sink, producer as source, producer_consumer as both};

    #[source]
    pub(crate) fn lines(text: String) -> impl Iterator<Item = String> {
        text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
    }
    /// Generic over what is parsed.
    #[both]
    pub(crate) fn parse<T: std::str::FromStr + Send + 'static>(line: String) -> Option<T> {
        line.parse().ok()
    }
    #[cfg(any())]
    #[sink]
    pub(crate) fn not_there(_: u8) {}
    #[sink]
    pub(crate) fn keep<T: Send + 'static>(item: T, all: &mut Vec<T>) {
        all.push(item);
    }
}

#[tokio::test]
async fn generics_renames_paths_and_raw_names() {
    use elsewhere::keep as kept_by_name;
    #[producer_consumer]
    fn r#type(n: i32) -> i32 {
        -n
    }
    let finished = pipeline! {
        let all = kept_by_name::<i32>(vec![]);
        elsewhere::lines("1\n2\nx\n3".to_owned()) => elsewhere::parse::<i32> => r#type => all
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.all, [-1, -2, -3]);
}

macro_rules! wire {
    ($($graph:tt)*) => { pipeline! { $($graph)* } };
}

#[tokio::test]
async fn inside_the_users_own_macro() {
    let __p1 = 3;
    let finished = wire! { let total = sum(0); numbers(0..__p1) => |n| n + __p1 => total }.run().await.unwrap();
    assert_eq!(finished.total, 12);
}

#[producer]
#[consumer]
fn plus(n: u64) -> u64 {
    n + 1
}

#[tokio::test]
async fn both_attributes_make_a_producer_consumer() {
    let finished = pipeline! { let total = sum(0); numbers(0..3) => plus => total }.run().await.unwrap();
    assert_eq!(finished.total, 6);
}

#[tokio::test]
async fn shared_resources_are_given_plain_or_in_an_arc() {
    #[producer_consumer]
    fn scaled(n: u64, by: &u64, plus: u64) -> u64 {
        n * by + plus
    }
    let by = Arc::new(10);
    let finished = pipeline! {
        let total = sum(0);
        numbers(0..3) => scaled(by.clone(), 1) => scaled(2, 0).name("plain") => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.total, 2 * 33);
    assert_eq!(Arc::strong_count(&by), 1);
}

#[tokio::test]
async fn what_is_read_from_a_signature_can_be_overridden() {
    #[producer_consumer(one)]
    fn whole(n: u64) -> Vec<u64> {
        vec![n; 2]
    }
    #[producer_consumer(try)]
    fn io(n: Vec<u64>) -> std::io::Result<usize> {
        Ok(n.len())
    }
    #[producer_consumer(many)]
    fn spread(n: usize) -> std::ops::Range<usize> {
        0..n
    }
    let seen = Seen::default();
    pipeline! { numbers(0..2) => whole => io => spread => note::<_>(seen.clone()) }.run().await.unwrap();
    assert_eq!(seen.all(), [0, 1, 0, 1]);
}

#[tokio::test]
async fn a_static_reference_is_a_value() {
    #[producer]
    fn words() -> impl Iterator<Item = &'static str> {
        ["one", "three"].into_iter()
    }
    #[producer_consumer]
    fn shout(word: &'static str) -> String {
        word.to_uppercase()
    }
    let (lengths, shouts) = (Seen::default(), Seen::default());
    let (a, b) = (lengths.clone(), shouts.clone());
    pipeline! { words => [|word: &'static str| word.len() => note::<_>(a), shout => note::<_>(b).name("b")] }
        .run()
        .await
        .unwrap();
    assert_eq!((lengths.all(), shouts.all()), (vec![3, 5], vec!["ONE".to_owned(), "THREE".to_owned()]));
}

/// What looks like a mistake, and is none.
#[tokio::test]
async fn what_is_right_is_not_read_as_a_mistake() {
    #[derive(Clone, Debug)]
    enum Word {
        Limit(u64),
        Other,
    }
    #[producer_consumer]
    fn cap(n: u64, limit: &u64) -> u64 {
        n.min(*limit)
    }
    let seen = Seen::default();
    pipeline! { { from_iter([Some(Some(1u64)), Some(None), None]) } => |o: Option<Option<u64>>| o? => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    assert_eq!(seen.all(), [Some(1), None, None]);

    // `limit` is the variable, which the closure's event leaves alone.
    let (limit, seen) = (5, Seen::default());
    pipeline! {
        { from_iter([Word::Limit(3), Word::Other, Word::Limit(9)]) } => match {
            Word::Limit(limit) => |n| n + 1 => cap(limit) => note::<_>(seen.clone()),
            Word::Other => _,
        }
    }
    .run()
    .await
    .unwrap();
    assert_eq!(seen.all(), [4, 5]);

    let (tail, seen) = (stagekit::Overflow::Fail, Seen::default());
    pipeline! {
        let down = |n: u64| n - 1;
        { from_iter([2u64]) } => down => match { n if n == 0 => note::<_>(seen.clone()), n => feedback(2, tail) down }
    }
    .run()
    .await
    .unwrap();
    assert_eq!(seen.all(), [0]);

    let mut buffer = 0;
    pipeline! { { from_iter([1u64, 2]) } => |n: u64| (buffer = n.max(buffer)) => |()| () }.run().await.unwrap();
}
