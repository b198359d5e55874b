//! Graphs: where sources meet, branches differ, and edges lead back.

use std::pin::Pin;

use stagekit::memory::queue;
use stagekit::prelude::*;

use super::{LONG, pass, pass_later};
use crate::conservation::{Item, Ledger};
use crate::{Seen, double, note, numbers, picky};

#[tokio::test]
async fn a_receipt_stays_with_its_event_where_sources_meet() {
    #[producer_consumer]
    async fn later(n: u64) -> u64 {
        n
    }
    #[consumer]
    fn refuse(n: u64) -> Result<(), String> {
        if n < 1000 { Err(n.to_string()) } else { Ok(()) }
    }
    for plain_first in [true, false] {
        let (events, ledger) = queue(0..50u64);
        let pipeline = if plain_first {
            pipeline! { [{ from_iter(1000..1050u64) }, { events }] => later.concurrency(8) => refuse.on_error(skip()) }
        } else {
            pipeline! { [{ events }, { from_iter(1000..1050u64) }] => later.concurrency(8) => refuse.on_error(skip()) }
        };
        pipeline.run().await.unwrap();
        assert_eq!((ledger.acknowledged(), ledger.is_settled()), (vec![], true), "every event of the queue failed");
    }
    let (events, ledger) = queue(0..50u64);
    pipeline! {
        [{ from_iter(1000..1050u64) }, { events }]
            => by |n| n % 2 [refuse.on_error(skip()), refuse.on_error(skip()).name("refuse 2")]
    }
    .run()
    .await
    .unwrap();
    assert_eq!((ledger.acknowledged(), ledger.is_settled()), (vec![], true));
}

#[tokio::test]
async fn a_failure_ends_producers_in_other_branches_too() {
    #[producer]
    async fn ticks(out: Emitter<u64>) {
        while out.emit(1).await.is_ok() {}
    }
    let error = pipeline! { [numbers(1..9) => picky, ticks] => |_n: u64| () }.run().await.unwrap_err();
    assert_eq!(error.stage(), Some("picky"));
}

#[tokio::test]
async fn dead_letters_before_a_producers_failure_arrive() {
    #[producer]
    fn items() -> impl Iterator<Item = Result<u64, String>> {
        [Ok(1), Ok(3), Ok(6), Err("bad".to_owned())].into_iter()
    }
    let (good, dead) = (Seen::default(), Seen::default());
    let error = pipeline! { items -> picky else note::<_>(dead.clone()).name("dead") => note::<_>(good.clone()) }
        .run()
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Some("items"));
    assert_eq!((good.all(), dead.len()), (vec![1], 2));
    let picky = error.summary().stage("picky").unwrap();
    assert_eq!((picky.events_in, picky.events_out, picky.failed), (3, 1, 2));
}

#[tokio::test]
async fn a_batch_of_single_events_is_refused() {
    let error = pipeline! { numbers(0..9) => double.batch(3, LONG) => _ }.run().await.unwrap_err();
    assert!(error.is_graph() && error.to_string().contains("takes single events"), "{error}");
}

#[tokio::test]
async fn an_error_prints_as_text_and_table() {
    let error = pipeline! { numbers(1..9) => picky => _ }.run().await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.starts_with("stage `picky` failed: 3 is a multiple of three\n\nstage "), "{text}");
}

/// A bounded loop can deadlock, so there is none: the graph of a cycle does not compile, in whatever way it is drawn.
#[test]
fn f63_a_cycle_is_a_compile_error() {
    // `tests/ui.rs` compiles it; this says that the case is there, and what it says.
    let (case, text) = (include_str!("../../ui/graph/27_cycle.rs"), include_str!("../../ui/graph/27_cycle.stderr"));
    assert!(case.contains("=> b => [save, a]") && case.contains("counter(0..3) => a"), "{case}");
    assert!(text.contains("these edges form a cycle: `a => b => a`; a bounded graph would deadlock"), "{text}");
}

#[producer_consumer]
fn by_a(item: Item) -> (char, Item) {
    ('a', item)
}

#[producer_consumer]
async fn by_b(item: Item) -> (char, Item) {
    tokio::time::sleep(std::time::Duration::from_millis(item.id % 3)).await;
    ('b', item)
}

#[consumer]
fn join((leg, item): (char, Item)) {
    item.done_at(if leg == 'a' { "a" } else { "b" });
}

#[tokio::test(start_paused = true)]
async fn f64_a_diamond_of_unequal_branches_never_locks_at_a_demand_of_one() {
    type Run = Pin<Box<dyn Future<Output = Summary>>>;
    /// What has states has a result of its own.
    macro_rules! run {
        ($($graph:tt)*) => {{
            let run = pipeline! { $($graph)* }.run();
            Box::pin(async move { Summary::clone(&run.await.unwrap()) })
        }};
    }
    type Kind = (&'static str, fn(&Ledger) -> Run);
    let kinds: [Kind; 3] = [
        ("long and short", |l| {
            run! {
                let end = join.max_demand(1);
                { l.has_legs(2).queue(200) } => [
                    pass.max_demand(1) => pass_later.max_demand(1) => pass.name("c").max_demand(1) => by_a.max_demand(1) => end,
                    by_b.max_demand(1) => end
                ];
            }
        }),
        ("fused and not", |l| {
            run! {
                let end = join.max_demand(1);
                { l.has_legs(2).queue(200) } => [
                    pass.max_demand(1) -> by_b => end,
                    pass.name("d").max_demand(1) => by_a.max_demand(1) => end
                ];
            }
        }),
        ("a diamond in a diamond", |l| {
            run! {
                let end = join.max_demand(1);
                let half = pass.max_demand(1);
                { l.has_legs(2).queue(200) } => [half, by_b.max_demand(1) => end];
                half => any [
                    pass.name("e").max_demand(1) => by_a.max_demand(1) => end,
                    pass.name("f").max_demand(1) => by_a.name("g").max_demand(1) => end
                ];
            }
        }),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let summary = tokio::time::timeout(LONG, pipeline(&ledger)).await.expect("it locks");
        if kind == "a diamond in a diamond" {
            ledger.check_unordered(&summary).await;
        } else {
            ledger.check(&summary).await;
        }
        assert_eq!((ledger.handled_at("a"), ledger.handled_at("b")), (200, 200), "{kind}");
    }
}
