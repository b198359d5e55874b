//! Policies: what each makes of an error, for each kind of stage (F6).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stagekit::prelude::*;

use super::{MS, finish, pass};
use crate::conservation::{Item, Ledger};

/// The error: the events that failed, back again.
#[derive(Debug)]
struct Letter(Vec<Item>);

impl std::fmt::Display for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused: {:?}", self.0)
    }
}
impl std::error::Error for Letter {}

/// What a stage is to refuse: ids that end in 3 twice, those that end in 7 always.
#[derive(Default)]
struct Plan {
    attempts: Mutex<HashMap<u64, u32>>,
    /// How many attempts the policy allows.
    tries: u32,
    /// Nobody takes the errors.
    alone: bool,
}

impl Plan {
    fn judge(&self, item: Item) -> Result<Item, Letter> {
        Ok(self.judge_all(vec![item])?.remove(0))
    }
    /// Refuses all of them, or none.
    fn judge_all(&self, items: Vec<Item>) -> Result<Vec<Item>, Letter> {
        let attempt = *self.attempts.lock().unwrap().entry(items[0].id).and_modify(|n| *n += 1).or_insert(1);
        let refused = items.iter().any(|item| item.id % 10 == 7 || item.id % 10 == 3 && attempt <= 2);
        if !refused {
            return Ok(items);
        }
        if self.alone && attempt == self.tries {
            Item::fail_together(&items);
        }
        Err(Letter(items))
    }
}

#[producer_consumer]
fn judge(item: Item, plan: &Plan) -> Result<Item, Letter> {
    plan.judge(item)
}

#[producer_consumer]
async fn judge_later(item: Item, plan: &Plan) -> Result<Item, Letter> {
    tokio::task::yield_now().await;
    plan.judge(item)
}

#[producer_consumer(batch(5, Duration::from_secs(1)))]
fn judge_batch(items: Vec<Item>, plan: &Plan) -> Result<Vec<Item>, Letter> {
    plan.judge_all(items)
}

#[producer_consumer(batch(5, Duration::from_secs(1)))]
async fn judge_batch_later(items: Vec<Item>, plan: &Plan) -> Result<Vec<Item>, Letter> {
    tokio::task::yield_now().await;
    plan.judge_all(items)
}

#[consumer]
fn bury(letter: Letter) {
    Item::bury_together(&letter.0);
}

type Kind = (&'static str, fn(&Ledger, Arc<Plan>) -> Pipeline);

/// A pipeline for each kind of stage; the options and the `else` edge are the policy.
macro_rules! kinds {
    ($($policy:tt)*) => {{
        let kinds: [Kind; 9] = [
            ("own task", |l, p| pipeline! { { l.queue(100) } => judge(p) $($policy)* => finish }),
            ("fused", |l, p| pipeline! { { l.queue(100) } => pass -> judge(p) $($policy)* -> pass.name("c") => finish }),
            ("fused to the source", |l, p| pipeline! { { l.queue(100) } -> judge(p) $($policy)* => finish }),
            ("async", |l, p| pipeline! { { l.queue(100) } => judge_later(p) $($policy)* => finish }),
            ("concurrent", |l, p| pipeline! { { l.queue(100) } => judge_later(p).concurrency(3) $($policy)* => finish }),
            ("timed", |l, p| pipeline! { { l.queue(100) } => judge_later(p).timeout(super::LONG) $($policy)* => finish }),
            ("batch", |l, p| pipeline! { { l.queue(100) } => judge_batch(p) $($policy)* => finish }),
            ("async batch", |l, p| pipeline! { { l.queue(100) } => judge_batch_later(p) $($policy)* => finish }),
            ("blocking", |l, p| pipeline! { { l.queue(100) } => judge(p).blocking() $($policy)* => finish }),
        ];
        kinds
    }};
}

fn plan(tries: u32, alone: bool) -> Arc<Plan> {
    Arc::new(Plan { tries, alone, ..Plan::default() })
}

fn ending_in(digits: &[u64]) -> Vec<u64> {
    (0..100).filter(|id| digits.contains(&(id % 10))).collect()
}

#[tokio::test(start_paused = true)]
async fn f06_stop_ends_the_pipeline_with_the_first_error() {
    let _exact = stagekit::test::exact();
    for (kind, pipeline) in kinds!(.on_error(stop())) {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let error = pipeline(&ledger, plan(1, true)).run().await.unwrap_err();
        assert!(error.is_failure() && error.stage().unwrap().starts_with("judge"), "{kind}: {error}");
        assert!(error.downcast_ref::<Letter>().is_some_and(|letter| letter.0.iter().any(|item| item.id == 3)));
        let summary = error.summary().clone();
        drop(error);
        ledger.check(&summary).await;
        assert!(ledger.failed().contains(&3) && !ledger.failed().contains(&7), "{kind}");
        assert_eq!(ledger.handled(), if kind.contains("batch") { 0 } else { 3 }, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn f06_skip_goes_on() {
    for (kind, pipeline) in kinds!(.on_error(skip())) {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let summary = pipeline(&ledger, plan(1, true)).run().await.unwrap();
        let failed = if kind.contains("batch") { (0..100).collect() } else { ending_in(&[3, 7]) };
        assert_eq!(ledger.failed(), failed, "{kind}");
        ledger.check(&summary).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f06_else_takes_the_event_and_the_reason() {
    for (kind, pipeline) in kinds!(else bury) {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let summary = pipeline(&ledger, plan(1, false)).run().await.unwrap();
        let dead = if kind.contains("batch") { (0..100).collect() } else { ending_in(&[3, 7]) };
        assert_eq!(ledger.dead_letters(), dead, "{kind}");
        ledger.check(&summary).await;
    }
}

/// `Letter` cannot be cloned into a next attempt, but items can.
#[tokio::test(start_paused = true)]
async fn f06_retry_mends_what_can_be_mended() {
    for (kind, pipeline) in kinds!(.on_error(retry(2, MS)) else bury) {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let result = pipeline(&ledger, plan(3, false)).run().await;
        if kind == "blocking" {
            // A retry rests, and a synchronous call cannot: the graph says so before anything has run.
            assert!(result.unwrap_err().is_graph());
            continue;
        }
        let summary = result.unwrap();
        let dead = if kind.contains("batch") { (0..100).filter(|id| id % 10 >= 5).collect() } else { ending_in(&[7]) };
        assert_eq!(ledger.dead_letters(), dead, "{kind}");
        assert!(summary.stages.iter().any(|stage| stage.retried >= 40), "{kind}: {summary}");
        ledger.check(&summary).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f06_retry_gives_up_and_stops() {
    for (kind, pipeline) in kinds!(.on_error(retry(2, MS))) {
        eprintln!("{kind}");
        if kind == "blocking" {
            continue;
        }
        let ledger = Ledger::new();
        let error = pipeline(&ledger, plan(3, true)).run().await.unwrap_err();
        assert!(
            error.downcast_ref::<Letter>().is_some_and(|letter| letter.0.iter().any(|item| item.id == 7)),
            "{error}"
        );
        let summary = error.summary().clone();
        drop(error);
        ledger.check(&summary).await;
        assert_eq!(ledger.handled(), if kind.contains("batch") { 5 } else { 7 }, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn f06_restart_forgets_the_state_and_keeps_the_rest() {
    #[producer_consumer]
    fn count(item: Item, seen: &mut u64) -> Result<Item, Letter> {
        *seen += 1;
        assert!(*seen <= 10, "the state began again");
        if *seen == 10 {
            item.fails();
            return Err(Letter(vec![item]));
        }
        Ok(item)
    }
    #[producer_consumer]
    async fn count_later(item: Item, seen: &mut u64) -> Result<Item, Letter> {
        tokio::task::yield_now().await;
        count(item, seen)
    }
    const OFTEN: Restart = Restart::new(100, Duration::from_secs(1));
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 4] = [
        ("sync", |l| pipeline! { { l.queue(100) } => count(0).restart(OFTEN) => finish }),
        ("fused to the source", |l| pipeline! { { l.queue(100) } -> count(0).restart(OFTEN) => finish }),
        ("async", |l| pipeline! { { l.queue(100) } => count_later(0).restart(OFTEN) => finish }),
        ("blocking", |l| pipeline! { { l.queue(100) } => count(0).blocking().restart(OFTEN) => finish }),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let summary = pipeline(&ledger).run().await.unwrap();
        assert_eq!(ledger.failed(), ending_in(&[9]), "{kind}");
        ledger.check(&summary).await;
    }
}

/// What waits for the stage behind `else` is the stage's, until the end.
#[tokio::test(start_paused = true)]
async fn f06_dead_letters_that_rest_or_never_arrive_are_counted() {
    let _exact = stagekit::test::exact();
    #[producer_consumer]
    fn refuses(item: Item) -> Result<Item, Item> {
        Err(item)
    }
    #[consumer]
    async fn buries_slowly(item: Item) {
        tokio::time::sleep(10 * MS).await;
        item.dead();
    }
    #[consumer]
    async fn stumbles(item: Item) {
        assert!(item.id != 7, "seven");
        item.dead();
    }
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 4] = [
        (
            "own task",
            |l| pipeline! { { l.queue(1000) } => refuses.max_demand(1000).min_demand(500) else buries_slowly.max_demand(3) => finish },
        ),
        (
            "fused",
            |l| pipeline! { { l.queue(1000) } => pass.max_demand(1000).min_demand(500) -> refuses else buries_slowly.max_demand(3) => finish },
        ),
        ("blocking", |l| {
            pipeline! { { l.queue(1000) } => refuses.blocking().max_demand(1000).min_demand(500) else buries_slowly.max_demand(3) => finish.max_demand(2) }
        }),
        (
            "workers",
            |l| pipeline! { { l.queue(1000) } => refuses.workers(3).max_demand(1000).min_demand(500) else buries_slowly.max_demand(3) => finish },
        ),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let running = pipeline(&ledger).spawn();
        tokio::time::sleep(55 * MS).await;
        let buffered = running.summary().stage("refuses").unwrap().buffered;
        assert!(buffered > 100, "{kind}: they rest, {}", running.summary());
        let error = running.abort(super::LONG).await;
        super::until(|| ledger.alive() == 0).await;
        ledger.check_unordered(error.summary()).await;
        let summary = error.summary().stage("refuses").unwrap();
        assert!(summary.discarded + summary.lost >= buffered && summary.buffered == 0, "{kind}: {error:?}");
    }
    // The stage behind `else` ends: so does everything, and what was on its way is counted.
    let ledger = Ledger::new();
    let error =
        pipeline! { { ledger.queue(1000) } => refuses.max_demand(1000).min_demand(500) else stumbles.max_demand(3) => finish }.run().await.unwrap_err();
    assert!(error.is_panic(), "{error}");
    let told = error.summary().clone();
    ledger.quiesced().await.unwrap();
    let gone: u64 = told.stages.iter().map(|stage| stage.lost + stage.discarded).sum();
    assert_eq!(ledger.made(), 7 + 1 + gone, "{told}");
}

/// A partition whose stage has ended: what waited for it is counted.
#[tokio::test(start_paused = true)]
async fn f06_what_waits_for_the_partition_of_a_failed_stage_is_discarded() {
    #[consumer]
    async fn stumbles(item: Item) -> Result<(), String> {
        if item.id > 20 {
            item.fails();
            return Err("it stumbles".into());
        }
        item.done();
        Ok(())
    }
    #[consumer]
    async fn waits(item: Item) {
        tokio::time::sleep(MS).await;
        item.done();
    }
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 3] = [
        (
            "source",
            |l| pipeline! { { l.queue(1000) } => by |item| item.id % 2 [stumbles.max_demand(4), waits.max_demand(7)] },
        ),
        (
            "own task",
            |l| pipeline! { { l.queue(1000) } => pass => by |item| item.id % 2 [stumbles.max_demand(40), waits.max_demand(7)] },
        ),
        (
            "stages",
            |l| pipeline! { { l.queue(1000) } => pass => by |item| item.id % 5 [pass.name("p").workers(2).max_demand(9) => stumbles.max_demand(2), waits.max_demand(3)] },
        ),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let error = pipeline(&ledger).run().await.unwrap_err();
        assert_eq!(error.stage(), Some("stumbles"), "{kind}");
        // The partitions are not those of the ledger's keys.
        ledger.check_unordered(error.summary()).await;
    }
}
