//! `else` in every place, several graphs in one pipeline, and graphs in macros of the user's own.

use std::time::Duration;

use stagekit::prelude::*;

use super::{Seen, double, note, numbers, picky, sum};

/// What is left when multiples of three are refused.
const GOOD: [u64; 6] = [1, 2, 4, 5, 7, 8];

#[derive(Debug)]
enum Refused {
    Three(u64),
    Large,
}

#[producer_consumer]
fn strict(n: u64) -> Result<u64, Refused> {
    match n {
        n if n > 7 => Err(Refused::Large),
        n if n.is_multiple_of(3) => Err(Refused::Three(n)),
        n => Ok(n),
    }
}

#[consumer]
fn fussy(n: u64) -> Result<(), u64> {
    if n.is_multiple_of(3) { Err(n) } else { Ok(()) }
}

#[tokio::test]
async fn else_on_a_leg_of_every_kind_of_list() {
    for mode in 0..3 {
        let (bad, good) = (Seen::default(), Seen::default());
        let (b, g) = (bad.clone(), good.clone());
        let pipeline = match mode {
            0 => pipeline! { numbers(1..10) => [picky else note::<_>(b) => note::<_>(g).name("good"), sum(0)] },
            1 => pipeline! { numbers(1..10) => any [picky else note::<_>(b) => note::<_>(g).name("good")] },
            _ => {
                pipeline! { numbers(1..10) => by |n| *n [picky.workers(2) else note::<_>(b) => note::<_>(g).name("good")] }
            }
        };
        pipeline.run().await.unwrap();
        assert_eq!((bad.len(), good.sorted()), (3, GOOD.to_vec()), "mode {mode}");
    }
}

#[tokio::test]
async fn else_in_a_fused_run_on_a_branch_and_at_the_end() {
    let (bad, good, last) = (Seen::default(), Seen::default(), Seen::default());
    pipeline! {
        numbers(1..19) -> |n| n -> picky else note::<_>(bad.clone()) -> double => match {
            n if n < 20 => |n| n / 2 -> picky.name("again") else _ -> note::<_>(good.clone()).name("good"),
            n => fussy else note::<_>(last.clone()).name("last"),
        }
    }
    .run()
    .await
    .unwrap();
    assert_eq!((bad.len(), good.all(), last.len()), (6, GOOD.to_vec(), 0));
}

#[tokio::test]
async fn else_of_a_let_of_a_value_and_of_a_closure() {
    let (bad, values) = (Seen::default(), Seen::default());
    let finished = pipeline! {
        let strictly = picky.workers(2) else note::<_>(bad.clone());
        let total = sum(0);
        [numbers(1..10), numbers(10..19).name("more")] => strictly => total;
    }
    .run()
    .await
    .unwrap();
    assert_eq!((bad.len(), finished.total), (6, 108));

    let node = <picky>::__stage();
    let closure = |n: u64| if n.is_multiple_of(3) { Err(n) } else { Ok(n) };
    pipeline! {
        numbers(1..10) => { node } else |text: String| assert!(text.ends_with("three"))
            => try_map |n| closure(n + 1) else note::<_>(values.clone()) => _
    }
    .run()
    .await
    .unwrap();
    assert_eq!(values.all(), [3, 6, 9]);
}

#[tokio::test]
async fn else_to_lists_branches_and_further_stages() {
    let (a, b, c) = (Seen::default(), Seen::default(), Seen::default());
    pipeline! {
        numbers(1..10) => picky else [note::<_>(a.clone()), |text| text.len() => note::<_>(b.clone()).name("lengths")] => _
    }
    .run()
    .await
    .unwrap();
    assert_eq!((a.len(), b.len()), (3, 3));

    let given = |summary: &Summary, name: &str| summary.stage(name).unwrap().events_in;
    let summary = pipeline! {
        numbers(1..100) => fussy else any [sum(0).max_demand(1), sum(0).name("other").max_demand(1)]
    }
    .run()
    .await
    .unwrap();
    assert_eq!(given(&summary, "sum") + given(&summary, "other"), 33);

    pipeline! { numbers(1..100) => fussy else by |n| n % 2 [note::<_>(c.clone()).workers(2)] }.run().await.unwrap();
    assert_eq!(c.sorted(), (1..100).filter(|n| n % 3 == 0).collect::<Vec<_>>());

    let threes = Seen::default();
    let finished = pipeline! {
        let total = sum(0);
        numbers(1..10) => strict else match {
            Refused::Three(n) => [note::<_>(threes.clone()), double => total],
            Refused::Large => _,
        } => total;
    }
    .run()
    .await
    .unwrap();
    assert_eq!((threes.all(), finished.total), (vec![3, 6], 1 + 2 + 4 + 5 + 7 + 2 * (3 + 6)));
}

#[tokio::test]
async fn independent_graphs_run_together_and_give_one_summary() {
    let finished = pipeline! {
        independent;
        let even = sum(0);
        let all = sum(0).name("all");
        numbers(0..10) => filter |n| n % 2 == 0 => even;
        numbers(0..100).name("more") => double => all;
    }
    .run()
    .await
    .unwrap();
    assert_eq!((finished.even, finished.all), (20, 9900));
    assert_eq!(finished.stages.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_independent_graph_ends_all() {
    #[producer]
    async fn ticks() -> impl futures::Stream<Item = u64> {
        futures::stream::unfold(0, |n| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Some((n, n + 1))
        })
    }
    let seen = Seen::default();
    let running = pipeline! {
        independent;
        ticks => note::<_>(seen.clone());
        numbers(1..u64::MAX) => picky => sum(0);
    }
    .spawn();
    let error = tokio::time::timeout(Duration::from_secs(60), running.wait()).await.expect("it ends").unwrap_err();
    assert_eq!(error.stage(), Some("picky"));

    let running = pipeline! { independent; ticks => _; ticks.name("more") => sum(0) }.spawn();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let summary = running.drain(Duration::from_secs(60)).await.unwrap();
    assert!(summary.stage("sum").unwrap().events_in > 5, "{summary}");
}

macro_rules! scaled {
    ($range:expr, $by:expr, $key:expr, $to:expr) => {
        pipeline! { numbers($range) => |n| n * $by => by |n| $key(*n) [$to] }
    };
}

#[tokio::test]
async fn a_fragment_stays_one_expression() {
    let seen = Seen::default();
    scaled!(0..3, 1 + 2, |n| n % 2, note::<_>(seen.clone()).workers(2)).run().await.unwrap();
    assert_eq!(seen.sorted(), [0, 3, 6], "`n * 1 + 2` would be 2, 3, 4");
}
