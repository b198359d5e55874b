//! `match`: each event takes the branch of its pattern, and no branch loses one.

mod laws;

use stagekit::prelude::*;
use stagekit::test::{TestConsumer, TestProducer, exact};

use super::{Seen, double, note, numbers, sum};

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Circle(u64),
    Square { side: u64, name: String },
    Pair(u64, u64),
    Empty,
}
use Shape::{Circle, Empty, Pair};

fn shapes() -> Vec<Shape> {
    let square = |side, name: &str| Shape::Square { side, name: name.into() };
    vec![Circle(1), square(2, "a"), Pair(3, 4), Empty, Circle(50), square(6, "b"), Pair(7, 7), Empty]
}

#[tokio::test]
async fn a_branch_takes_what_its_pattern_binds() {
    let (small, other, pairs) = (Seen::default(), Seen::default(), Seen::default());
    let (names, units) = (Seen::default(), Seen::default());
    let limit = 10;
    let summary = pipeline! {
        { from_iter(shapes()) } => match {
            Circle(n) if n < limit => note::<_>(small.clone()).name("small"),
            Shape::Square { name, side: size } => note::<(String, u64)>(names.clone()).name("names"),
            Pair(a @ 0..=5, b) | Pair(b, a) => note::<_>(pairs.clone()).name("pairs"),
            Empty => note::<()>(units.clone()).name("units"),
            rest => note::<_>(other.clone()).name("other"),
        }
    }
    .run()
    .await
    .unwrap();
    assert_eq!(small.all(), [1]);
    assert_eq!(names.all(), [("a".into(), 2), ("b".into(), 6)]);
    assert_eq!(pairs.all(), [(3, 4), (7, 7)]);
    assert_eq!(units.len(), 2);
    assert_eq!(other.all(), [Circle(50)]);
    let source = summary.stage("from_iter").unwrap();
    assert_eq!((source.events_out, source.filtered, source.lost, source.discarded), (8, 0, 0, 0));
}

#[tokio::test]
async fn a_discarded_branch_is_filtered() {
    let summary = pipeline! { { from_iter(shapes()) } => match { Circle(n) => sum(0), _ => _ } }.run().await.unwrap();
    assert_eq!((summary.stage("from_iter").unwrap().filtered, summary.stage("sum").unwrap().events_in), (6, 2));
    let summary = pipeline! { numbers(0..10_000) => match { 0..=99 => _, _ => _ } }.run().await.unwrap();
    assert_eq!(summary.stage("numbers").unwrap().filtered, 10_000);
}

#[tokio::test]
async fn branches_nest_meet_and_lead_to_lists() {
    let (a, b, c) = (Seen::default(), Seen::default(), Seen::default());
    let finished = pipeline! {
        let total = sum(0);
        numbers(0..100) => |n| if n % 2 == 0 { Ok(n) } else { Err(n) } => match {
            Ok(n) => match {
                n @ 0..50 => [double => total, note::<_>(a.clone())],
                n => any [sum(0).name("x"), sum(0).name("y")],
            },
            Err(n) if n > 50 => by |n| n % 3 [sum(0).name("z").workers(3)],
            Err(n) => |n| n + 1 -> double.name("fused") => [note::<_>(b.clone()).name("b"), total],
        };
    }
    .run()
    .await
    .unwrap();
    pipeline! { numbers(0..10) => match { n if n > 4 => |n| n * 10, n => double } => note::<_>(c.clone()) }
        .run()
        .await
        .unwrap();
    assert_eq!((a.len(), b.all().len()), (25, 25));
    let evens: u64 = (0..50).step_by(2).sum::<u64>() * 2;
    let odds: u64 = (1..50).step_by(2).map(|n| (n + 1) * 2).sum();
    assert_eq!(finished.total, evens + odds);
    let given = |name| finished.stage(name).unwrap().events_in;
    assert_eq!((given("x") + given("y"), given("z")), (25, 25));
    assert_eq!(c.sorted(), [0, 2, 4, 6, 8, 50, 60, 70, 80, 90]);
}

#[derive(Debug)]
enum Refusal {
    TooLarge(u64),
    Odd,
}

#[producer_consumer]
fn strict(n: u64) -> Result<u64, Refusal> {
    match n {
        n if n % 2 == 1 => Err(Refusal::Odd),
        n if n > 10 => Err(Refusal::TooLarge(n)),
        n => Ok(n),
    }
}

#[tokio::test]
async fn errors_take_branches_too() {
    let (large, good) = (Seen::default(), Seen::default());
    for fused in [false, true] {
        let (large, good) = (large.clone(), good.clone());
        let pipeline = if fused {
            pipeline! {
                numbers(0..20) -> strict else match { Refusal::TooLarge(n) => note::<_>(large), Refusal::Odd => _ }
                    -> double => note::<_>(good).name("good")
            }
        } else {
            pipeline! {
                numbers(0..20) => strict else match { Refusal::TooLarge(n) => note::<_>(large), Refusal::Odd => _ }
                    => note::<_>(good).name("good")
            }
        };
        let summary = pipeline.run().await.unwrap();
        assert_eq!(summary.stage("strict").unwrap().failed, 14);
    }
    assert_eq!(large.all(), [12, 14, 16, 18, 12, 14, 16, 18]);
    assert_eq!(good.sorted(), [0, 0, 2, 4, 4, 6, 8, 8, 10, 12, 16, 20]);
}

#[tokio::test]
async fn open_ends_segments_and_values() {
    use futures::TryStreamExt;
    let (odd, seen) = (Seen::default(), Seen::default());
    let evens: Output<u64> =
        pipeline! { numbers(0..10) => match { n if n % 2 == 0 => .., n => note::<_>(odd.clone()) } };
    assert_eq!(evens.try_collect::<Vec<_>>().await.unwrap(), [0, 2, 4, 6, 8]);
    assert_eq!(odd.all(), [1, 3, 5, 7, 9]);

    fn small() -> Segment<u64, u64> {
        pipeline! { .. => match { n if n < 5 => .., _ => _ } }
    }
    pipeline! { numbers(0..100) => { small() } => match { 3 => _, n => note::<_>(seen.clone()) } }.run().await.unwrap();
    assert_eq!(seen.all(), [0, 1, 2, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_branch_has_its_own_demand_and_holds_back_what_is_behind_it() {
    let _exact = exact();
    let (mut input, mut low, mut high) = (TestProducer::new(), TestConsumer::new(), TestConsumer::new());
    let running = pipeline! {
        { input.node() } => match {
            n @ 0..100 => { low.node() }.name("low").max_demand(3),
            n => { high.node() }.name("high").max_demand(3),
        }
    }
    .spawn();
    input.expect_no_ask().await;
    low.ask(3).await;
    input.expect_ask(3).await;
    // Nobody has asked for these: they wait, and as many as may.
    input.send([100, 101, 1]).await;
    low.expect_batch([1]).await;
    high.expect_nothing().await;
    input.expect_ask(2).await;
    input.send([2, 102, 3]).await;
    // `high` is full: what is behind it waits, and nothing is asked for until it has caught up.
    low.expect_batch([2]).await;
    low.ask(5).await;
    low.expect_nothing().await;
    input.expect_no_ask().await;
    assert_eq!(input.buffered(), 4);
    high.ask(2).await;
    input.expect_ask(5).await;
    high.expect_batch([100, 101]).await;
    low.expect_batch([3]).await;
    high.ask(2).await;
    input.expect_ask(1).await;
    high.expect_batch([102]).await;
    input.end(stagekit::live::Reason::Normal);
    low.expect_end().await;
    high.expect_end().await;
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_branch_is_noted() {
    let _exact = exact();
    #[consumer]
    async fn slow(n: u64) {
        tokio::time::sleep(std::time::Duration::from_millis(n % 2 + 1)).await;
    }
    let summary = pipeline! {
        numbers(0..1000) => match {
            n if n % 10 == 0 => sum(0).max_demand(20),
            n => slow.max_demand(4).min_demand(2),
        }
    }
    .run()
    .await
    .unwrap();
    let hot = summary.stage("numbers").unwrap().hot.clone().expect("the slow branch is full all the time");
    assert_eq!(hot.partition, "branch `n`");
    assert!(hot.times > 50, "{hot:?}");
    let text = summary.to_string();
    assert!(text.contains("note: branch `n` of `numbers` was full"), "{text}");
}

#[tokio::test]
async fn a_guard_that_panics_ends_the_stage_it_stands_behind() {
    let seen = Seen::default();
    let check = |n: u64| if n == 7 { panic!("seven") } else { n.is_multiple_of(2) };
    let error = pipeline! {
        numbers(0..100) -> double.name("twice") => |n| n / 2 -> |n: u64| n => match {
            n if check(n) => note::<_>(seen.clone()),
            _ => _,
        }
    }
    .run()
    .await
    .unwrap_err();
    assert!(error.is_panic(), "{error}");
    assert!(error.to_string().contains("seven (in the `match` behind it)"), "{error}");
    assert_eq!(seen.all(), [0, 2, 4, 6]);
    let failed: u64 = error.summary().stages.iter().map(|stage| stage.failed).sum();
    assert_eq!(failed, 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_subscribes_to_the_branches_at_run_time() {
    let mut late = TestConsumer::<u64>::new();
    let running = pipeline! { numbers(0..u64::MAX) => match { 0 => _, n => sum(0) } }.spawn();
    let outlet = running.handle().outlet::<u64>("numbers").unwrap();
    let refused = late.subscribe(&outlet, stagekit::live::Subscribe::new()).await.unwrap_err();
    assert!(refused.to_string().contains("branches of a `match`"), "{refused}");
    running.abort(std::time::Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_live_stage_is_told_the_demand_of_its_branches() {
    #[derive(Default)]
    struct Counter(u64);
    #[stage]
    impl Counter {
        fn on_demand(&mut self, demand: Demand) -> Option<Vec<u64>> {
            let from = self.0;
            self.0 = (from + demand.get() as u64).min(5000);
            (from < 5000).then(|| (from..self.0).collect())
        }
    }
    let (low, high) = (Seen::default(), Seen::default());
    pipeline! {
        { Counter(0) } => match {
            n @ ..1000 => note::<_>(low.clone()),
            n => note::<_>(high.clone()).name("high").max_demand(7),
        }
    }
    .run()
    .await
    .unwrap();
    assert_eq!((low.all(), high.all()), ((0..1000).collect(), (1000..5000).collect()));
}

/// The same by hand: the graph is checked as a whole, branches and all.
#[tokio::test]
async fn branches_by_hand_are_checked() {
    use stagekit::builder::{branches, build, close, link, link_last, nowhere, start, take, value, way};
    struct Name;
    for ends in [true, false] {
        let all = start(value(from_iter(0..10u64)));
        let (low, high) = branches(&all.port(), (way("n", || Name), way("m", || Name)), |n, to| match n {
            0 => nowhere(),
            n if n < 5 => take(&mut to.0, n),
            m => take(&mut to.1, m),
        });
        let low = link_last(&low, <sum>::__stage(0));
        let high = link(&high, <double>::__stage());
        if ends {
            stagekit::builder::discard(&high.port());
        }
        match build([close(all), close(low), close(high)]) {
            Ok(pipeline) => {
                let summary = pipeline.run().await.unwrap();
                assert_eq!(summary.stage("double").unwrap().events_out, 5);
            }
            Err(error) => {
                assert!(!ends, "{error}");
                assert_eq!(error.mistakes().len(), 1, "{error}");
            }
        }
    }
}
