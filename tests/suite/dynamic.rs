//! Graphs that are put together when the program runs: they run as those that are compiled, and lose nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stagekit::builder::{annotated, each, filter, flat_map, map, try_map, ty};
use stagekit::dynamic::{Graph, Kinds, errors_of, feedback, node, producer, stage};
use stagekit::prelude::*;

use super::conservation::{Item, Ledger};
use super::{Seen, double, note, numbers, picky, sum};

#[producer_consumer]
fn pass(item: Item) -> Item {
    item
}

#[producer_consumer]
async fn later(item: Item) -> Item {
    tokio::task::yield_now().await;
    item
}

/// Every fifth fails.
#[producer_consumer]
fn fifth(item: Item) -> Result<Item, Item> {
    if item.id.is_multiple_of(5) { Err(item) } else { Ok(item) }
}

#[consumer]
fn done(item: Item) {
    item.done();
}

#[consumer]
fn done_left(item: &Item) {
    item.done_at("left");
}

#[consumer]
fn done_right(item: Item) {
    item.done_at("right");
}

#[consumer]
fn bury(item: Item) {
    item.dead();
}

fn items() -> Kinds<Ledger> {
    let mut kinds = Kinds::new();
    kinds
        .kind("items", |ledger: &Ledger| producer(ledger.queue(500)))
        .kind("pass", |_| stage(node!(pass.workers(1))))
        .kind("later", |_| stage(node!(later.concurrency(1))))
        .kind("fifth", |_| stage(node!(fifth)))
        .kind("done", |_| stage(node!(done.workers(1))))
        .kind("done_left", |_| stage(node!(done_left)))
        .kind("done_right", |_| stage(node!(done_right)))
        .kind("bury", |_| stage(node!(bury)))
        .key("key", |item: &Item| item.key)
        .clones::<Item>()
        .lends::<Item>();
    kinds
}

/// A graph of these nodes, each of the kind of its name.
fn of<'k>(kinds: &'k Kinds<Ledger>, ledger: &Ledger, nodes: &str) -> Graph<'k, Ledger> {
    let mut graph = kinds.graph();
    nodes.split(' ').for_each(|name| graph.add(name, name, ledger).unwrap());
    graph
}

/// Runs it, and holds it against the law of conservation, receipts and all.
async fn conserves(graph: Graph<'_, Ledger>, ledger: &Ledger, is_ordered: bool) {
    let result = graph.build().unwrap().run().await;
    result.as_ref().unwrap();
    if is_ordered {
        ledger.check_result(&result).await;
    } else {
        ledger.check_unordered(&result.unwrap()).await;
    }
}

#[tokio::test]
async fn l03_a_line_loses_nothing_and_is_acknowledged() {
    let (kinds, ledger) = (items(), Ledger::new());
    let mut graph = of(&kinds, &ledger, "items pass later done");
    graph.link("items", "pass").unwrap();
    graph.link("pass", "later").unwrap();
    graph.link("later", "done").unwrap();
    graph.set("pass", "max_demand", 7).unwrap();
    graph.set("later", "concurrency", 5).unwrap();
    conserves(graph, &ledger, true).await;
    assert_eq!(ledger.handled(), 500);
}

#[tokio::test]
async fn l09_a_broadcast_clones_for_one_leg_and_lends_to_the_other() {
    let (kinds, ledger) = (items(), Ledger::new());
    ledger.has_legs(2);
    let mut graph = of(&kinds, &ledger, "items pass done_left done_right");
    graph.link("items", "pass").unwrap();
    graph.link("pass", "done_left").unwrap();
    graph.link("pass", "done_right").unwrap();
    conserves(graph, &ledger, true).await;
    assert_eq!((ledger.handled_at("left"), ledger.handled_at("right")), (500, 500));
}

#[tokio::test]
async fn l10_events_of_one_key_go_to_one_worker_in_order() {
    let (kinds, ledger) = (items(), Ledger::new());
    let mut graph = of(&kinds, &ledger, "items done");
    graph.by("items", "key", ["done"]).unwrap();
    graph.set("done", "workers", 4).unwrap();
    conserves(graph, &ledger, true).await;
    assert_eq!(ledger.handled(), 500);
}

#[tokio::test]
async fn l03_shared_work_meets_again_and_errors_take_their_edge() {
    let (kinds, ledger) = (items(), Ledger::new());
    let mut graph = of(&kinds, &ledger, "items pass later fifth done bury");
    graph.any("items", ["pass", "later"]).unwrap();
    graph.link("pass", "fifth").unwrap();
    graph.link("later", "fifth").unwrap();
    graph.link(errors_of("fifth"), "bury").unwrap();
    graph.link("fifth", "done").unwrap();
    conserves(graph, &ledger, false).await;
    assert_eq!((ledger.handled(), ledger.dead_letters().len()), (400, 100));
}

/// Every fifth goes round once more; the third part of the rest goes a shorter way.
#[tokio::test]
async fn l12_a_route_and_a_loop_lose_nothing() {
    let (mut kinds, ledger, seen) = (items(), Ledger::new(), Mutex::new(BTreeSet::new()));
    kinds.route("third", move |item: &Item| {
        if item.id.is_multiple_of(5) && seen.lock().unwrap().insert(item.id) {
            "again"
        } else if item.id.is_multiple_of(3) {
            "third"
        } else {
            "other"
        }
    });
    let mut graph = of(&kinds, &ledger, "items pass later done");
    graph.link("items", "pass").unwrap();
    let cases = [("again", feedback("pass", 16, Overflow::Fail)), ("third", "done".into()), ("_", "later".into())];
    graph.route("pass", "third", cases).unwrap();
    graph.link("later", "done").unwrap();
    conserves(graph, &ledger, false).await;
    assert_eq!(ledger.handled(), 500);
}

/// A leg of a broadcast, of a shared list and of a route can lead back.
#[tokio::test]
async fn what_leads_back_can_stand_wherever_a_name_can() {
    for how in ["link", "any", "route"] {
        let mut kinds: Kinds = Kinds::new();
        kinds.route("large", |n: &u64| if *n > 1 { "yes" } else { "no" });
        let mut graph = kinds.graph();
        graph.put("source", producer(node!(numbers(0..20)))).unwrap();
        graph.put("halve", stage(flat_map(&annotated(ty::<u64>()), |n| (n > 0).then_some(n / 2)))).unwrap();
        graph.put("total", stage(node!(sum(0)))).unwrap();
        graph.link("source", "halve").unwrap();
        let back = feedback("halve", 64, Overflow::Fail);
        match how {
            "link" => {
                graph.link("halve", back).unwrap();
                graph.link("halve", "total").unwrap();
            }
            "any" => graph.any("halve", [back, "total".into()]).unwrap(),
            _ => graph.route("halve", "large", [("yes", back), ("no", "total".into()), ("_", "_".into())]).unwrap(),
        }
        let total = graph.kept::<u64>("total").unwrap();
        let summary = graph.build().unwrap().run().await.unwrap();
        let (total, went_back) = (total.take()[0], summary.stage("feedback halve").unwrap().events_in);
        match how {
            // All halves of all of them, and each of them once more.
            "link" => {
                let halves = |n: u64| std::iter::successors(Some(n / 2), |n| (*n > 0).then_some(n / 2)).sum::<u64>();
                assert_eq!(total, (1..20).map(halves).sum());
            }
            "any" => {
                let out = summary.stage("halve").unwrap().events_out;
                assert_eq!(out, went_back + summary.stage("total").unwrap().events_in, "{summary}");
                assert!(went_back > 0, "{summary}");
            }
            _ => assert_eq!(total, 18, "{summary}"),
        }
    }
}

/// What a route has no case for goes where `_` leads, and what leads to `_` is gone.
#[tokio::test]
async fn a_route_has_cases_by_name() {
    let mut kinds: Kinds = Kinds::new();
    kinds.route("rest", |n: &u64| (n % 4).to_string());
    let mut graph = kinds.graph();
    graph.put("source", producer(node!(numbers(0..40)))).unwrap();
    for name in ["one", "more"] {
        graph.put(name, stage(node!(sum(0)))).unwrap();
    }
    graph.route("source", "rest", [("1", "one"), ("2", "_"), ("_", "more")]).unwrap();
    let (one, more) = (graph.kept::<u64>("one").unwrap(), graph.kept::<u64>("more").unwrap());
    let pipeline = graph.build().unwrap();
    assert!(pipeline.topology().to_string().contains("├ 2"), "{pipeline}");
    let summary = pipeline.run().await.unwrap();
    assert_eq!((one.take(), more.take()), (vec![190], vec![390]), "{summary}");
}

/// Without an edge for it the error ends the pipeline, as in any other.
#[tokio::test]
async fn an_error_without_an_edge_ends_the_pipeline() {
    let kinds: Kinds = Kinds::new();
    let mut graph = kinds.graph();
    graph.put("source", producer(node!(numbers(1..10)))).unwrap();
    graph.put("choosy", stage(node!(picky))).unwrap();
    graph.link("source", "choosy").unwrap();
    graph.discard("choosy").unwrap();
    let error = graph.build().unwrap().run().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `choosy` failed: 3 is a multiple of three");
}

#[tokio::test]
async fn a_policy_is_set_by_its_name() {
    let kinds: Kinds = Kinds::new();
    let mut graph = kinds.graph();
    graph.put("source", producer(node!(numbers(1..10)))).unwrap();
    graph.put("choosy", stage(node!(picky))).unwrap();
    graph.link("source", "choosy").unwrap();
    graph.discard("choosy").unwrap();
    graph.set("choosy", "on_error", "skip").unwrap();
    let summary = graph.build().unwrap().run().await.unwrap();
    assert_eq!(summary.stage("choosy").unwrap().failed, 3);
}

#[tokio::test]
async fn the_states_of_all_workers_are_given_back() {
    let kinds: Kinds = Kinds::new();
    let mut graph = kinds.graph();
    graph.put("source", producer(node!(numbers(0..100)))).unwrap();
    graph.put("total", stage(node!(sum(0).workers(2)))).unwrap();
    graph.set("total", "workers", 3).unwrap();
    graph.link("source", "total").unwrap();
    let total = graph.kept::<u64>("total").unwrap();
    graph.build().unwrap().run().await.unwrap();
    let states = total.take();
    assert_eq!((states.len(), states.iter().sum::<u64>()), (3, 4950));
}

#[tokio::test]
async fn closures_are_nodes() {
    let kinds: Kinds = Kinds::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut graph = kinds.graph();
    let on = annotated(ty::<u64>());
    graph.put("source", producer(from_iter(1..=6u64))).unwrap();
    graph.put("even", stage(filter(&on, |n| n % 2 == 0))).unwrap();
    graph.put("twice", stage(flat_map(&on, |n| [n, n]))).unwrap();
    graph.put("text", stage(map(&on, |n| format!("<{n}>")))).unwrap();
    let there = seen.clone();
    graph.put("note", stage(each(&annotated(ty::<String>()), move |text| there.lock().unwrap().push(text)))).unwrap();
    for edge in ["source even", "even twice", "twice text", "text note"] {
        let (from, to) = edge.split_once(' ').unwrap();
        graph.link(from, to).unwrap();
    }
    graph.build().unwrap().run().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["<2>", "<2>", "<4>", "<4>", "<6>", "<6>"]);
}

fn doubled() -> Segment<u64, u64> {
    pipeline! { .. => double -> |n| n + 1 => .. }
}

/// A typed segment and the open end of a typed pipeline are nodes; and a graph is a segment of a typed pipeline.
#[tokio::test]
async fn typed_parts_stand_in_a_graph_and_a_graph_in_a_typed_pipeline() {
    let kinds: Kinds = Kinds::new();
    let seen = Seen::default();
    let mut graph = kinds.graph();
    let source: Output<u64> = pipeline! { numbers(0..3) => .. };
    graph.put("source", producer(node!({ source }))).unwrap();
    // The stream that the pipeline is ends with its error, if there is one.
    graph.put("ok", stage(try_map(&annotated(ty::<Result<u64, Error>>()), |n| n))).unwrap();
    graph.put("doubled", stage(node!({ doubled() }))).unwrap();
    graph.put("note", stage(node!(note::<u64>(seen.clone())))).unwrap();
    graph.link("source", "ok").unwrap();
    graph.link("ok", "doubled").unwrap();
    graph.link("doubled", "note").unwrap();
    graph.build().unwrap().run().await.unwrap();
    assert_eq!(seen.all(), [1, 3, 5]);

    let mut graph = kinds.graph();
    graph.put("first", stage(node!({ doubled() }))).unwrap();
    graph.put("second", stage(node!(double))).unwrap();
    graph.link("first", "second").unwrap();
    let segment = graph.build_segment::<u64, u64>("first", "second").unwrap();
    let seen = Seen::default();
    let there = seen.clone();
    pipeline! { numbers(0..3) => { segment } => |n| there.push(n) }.run().await.unwrap();
    assert_eq!(seen.all(), [2, 6, 10]);
}

#[test]
fn the_ends_of_a_segment_have_types_too() {
    let kinds: Kinds = Kinds::new();
    let graph = || {
        let mut graph = kinds.graph();
        graph.put("first", stage(node!(double))).unwrap();
        graph.put("sum", stage(node!(sum(0)))).unwrap();
        graph.put("source", producer(node!(numbers(0..3)))).unwrap();
        graph
    };
    let wrong =
        |first, last| graph().build_segment::<u64, u64>(first, last).unwrap_err().mistakes()[0].text().to_owned();
    assert_eq!(wrong("source", "first"), "`source` does not take events, so `..` cannot feed it");
    assert_eq!(wrong("first", "sum"), "`sum` is a consumer: it emits no events, so it ends its path");
    let text = graph().build_segment::<String, u64>("first", "first").unwrap_err();
    assert_eq!(text.mistakes()[0].text(), "event type mismatch: `..` emits `String`, but `first` takes `u64`");
    let text = graph().build_segment::<u64, String>("first", "first").unwrap_err();
    assert_eq!(text.mistakes()[0].text(), "event type mismatch: `first` emits `u64`, but `..` takes `String`");
    // What is inside is checked as any graph is.
    let text = graph().build_segment::<u64, u64>("first", "first").unwrap_err().to_string();
    assert!(text.contains("stage `sum` is declared but never connected"), "{text}");
}

/// A failed edge is not made, a failed node is not there.
#[tokio::test]
async fn what_was_wrong_is_not_done() {
    let kinds: Kinds = Kinds::new();
    let mut graph = kinds.graph();
    graph.put("source", producer(node!(numbers(0..3)))).unwrap();
    graph.put("text", stage(each(&annotated(ty::<String>()), drop))).unwrap();
    graph.put("sum", stage(node!(sum(0)))).unwrap();
    assert!(graph.put("sum", stage(node!(sum(1)))).is_err());
    assert!(graph.link("source", "text").is_err());
    assert!(graph.any("source", ["sum", "text"]).is_err());
    assert_eq!(graph.any("source", [""; 0]).unwrap_err().mistakes().len(), 1);
    assert!(graph.set("sum", "workers", 2).is_err());
    graph.link("source", "sum").unwrap();
    let total = graph.kept::<u64>("sum").unwrap();
    let error = graph.build().unwrap_err();
    let stages: BTreeSet<_> = error.mistakes().iter().filter_map(|mistake| mistake.stage()).collect();
    assert_eq!(stages, BTreeSet::from(["text"]), "{error}");
    assert!(total.take().is_empty());
}

/// An edge of its own limits, and stages that are set apart: the runtime is the one that typed graphs have.
#[tokio::test(start_paused = true)]
async fn an_edge_has_options_of_its_own() {
    let kinds: Kinds = Kinds::new();
    let mut graph = kinds.graph();
    graph.put("source", producer(node!(numbers(0..100)))).unwrap();
    graph.put("more", producer(node!(numbers(100..200)))).unwrap();
    graph.put("slow", stage(node!(slow.concurrency(1)))).unwrap();
    graph.link_with("source", "slow", Edge::new().max_demand(3)).unwrap();
    graph.link_with("more", "slow", Edge::new().max_demand(5)).unwrap();
    graph.set("slow", "own_task", "").unwrap();
    graph.set("slow", "max_demand", 20).unwrap();
    graph.discard("slow").unwrap();
    let running = graph.build().unwrap().spawn();
    tokio::time::sleep(Duration::from_millis(1)).await;

    let out = |name: &str| running.handle().summary().stage(name).unwrap().events_out;
    // What is at the stage, and no more.
    assert!(out("source") <= 3 && out("more") <= 5, "{}", running.handle().summary());
    let summary = running.await.unwrap();
    assert_eq!(summary.stage("slow").unwrap().events_out, 200);
}

#[producer_consumer]
async fn slow(n: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(10)).await;
    n
}
