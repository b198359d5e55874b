//! What a topology says of the graph, whichever way the graph was made.

use stagekit::builder::{any, caught, close, errors, fuse, link, link_last, map, runnable, share_last, start, value};
use stagekit::prelude::*;
use stagekit::topology::{Arrow, Point, Role, Share};

use crate::graphs::*;

#[test]
fn a_stage_is_what_the_compiler_knows() {
    let topology = fused().topology();
    let said: Vec<_> = topology
        .stages()
        .iter()
        .map(|s| {
            (s.name(), s.role(), [s.takes(), s.emits(), s.fails()].map(|ty| ty.map_or("-".into(), |ty| ty.to_string())))
        })
        .collect();
    let types = |all: [&str; 3]| all.map(String::from);
    assert_eq!(
        said,
        [
            ("refused", Role::Consumer, types(["Refused", "-", "-"])),
            ("lines", Role::Producer, types(["-", "String", "-"])),
            ("decode", Role::ProducerConsumer, types(["String", "Post", "Refused"])),
            ("map", Role::ProducerConsumer, types(["Post", "String", "-"])),
            ("filter", Role::ProducerConsumer, types(["String", "String", "-"])),
            ("store", Role::Consumer, types(["String", "-", "-"])),
        ]
    );
    assert_eq!(topology.stage("map").unwrap().text(), Some("|p: Post| p.title.trim().to_owned()"));
}

#[test]
fn a_stage_stands_where_its_token_is() {
    let (line, pipeline) = (
        line!(),
        pipeline! {
            numbers(0..9)
                => double -> |n| n + 1
                => { report_node() }
        },
    );
    let topology = pipeline.topology();
    let place = |name: &str| topology.stage(name).unwrap().location();
    let file = file!();
    for (name, lines, column) in [("numbers", 2, 13), ("double", 3, 20), ("map", 3, 30), ("report", 4, 20)] {
        let found = place(name);
        assert_eq!((found.file, found.line, found.column), (file, line + lines, column), "{name}");
    }
    assert_eq!(place("map").to_string(), format!("{file}:{}:30", line + 3));
}

fn report_node() -> stagekit::Node<report> {
    <report>::__stage()
}

#[test]
fn the_builder_and_the_macro_give_one_graph() {
    let written = pipeline! {
        { from_iter(0..9u64) } => double => any [report, |n| n + 1 => [push.max_demand(5), sms]]
    };
    let numbers = start(value(from_iter(0..9u64)));
    let line = line!() - 1;
    let doubled = link(&numbers.port(), <double>::__stage());
    let shared = any(&doubled.port());
    let reported = link_last(&shared, <report>::__stage());
    let mapped = link(&shared, map(&shared, |n| n + 1));
    let pushed = share_last(&mapped.port(), <push>::__stage().max_demand(5));
    let sent = share_last(&mapped.port(), <sms>::__stage());
    let by_hand =
        runnable([close(numbers), close(doubled), close(reported), close(mapped), close(pushed), close(sent)]);

    let (written, by_hand) = (written.topology(), by_hand.topology());
    let without_texts = |text: String| {
        let text = text.replace("from_iter(0..9u64)", "from_iter").replace(" |n| n + 1", "");
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(without_texts(written.to_string()), without_texts(by_hand.to_string()));
    assert_eq!(format!("{:?}", written.edges()), format!("{:?}", by_hand.edges()));
    assert_eq!(by_hand.stages()[0].location().line, line, "where the builder was called");
    assert_eq!(by_hand.stages()[0].location().file, file!());
}

#[test]
fn an_edge_says_how_it_shares() {
    let topology = by().topology();
    let shares: Vec<_> = topology.edges().iter().map(|edge| (edge.arrow(), edge.share().clone())).collect();
    let key = Share::ByKey(Some("post.author % 8".into()));
    assert_eq!(shares, [(Arrow::Subscribed, key.clone()), (Arrow::Subscribed, key), (Arrow::Subscribed, Share::Alone)]);
    let topology = diamond().graph();
    let all = topology.edges().iter().filter(|edge| *edge.share() == Share::ToAll).count();
    assert_eq!(all, 2);
    let limited = topology.edges().iter().find(|edge| !edge.options().is_empty()).unwrap();
    assert_eq!(limited.options(), ["max_demand(5)"]);
    assert_eq!(topology.stage("add").unwrap().bound(), Some("sum"));
}

#[test]
fn an_edge_out_of_a_branch_has_its_pattern() {
    let topology = branches().topology();
    let out: Vec<_> = topology.edges().iter().filter(|edge| edge.from() == Point::At(0)).collect();
    let said: Vec<_> = out.iter().map(|edge| (edge.branch().unwrap(), edge.event().unwrap().to_string())).collect();
    let (text, weight) = (String::from("String"), String::from("u64"));
    assert_eq!(
        said,
        [
            ("Parcel::Letter(text) if text.is_empty()", "Parcel".into()),
            ("Parcel::Letter(text)", text),
            ("Parcel::Box { weight }", weight.clone()),
            ("Parcel::Box { weight }", weight),
            ("Parcel::Lost", "()".into()),
        ]
    );
    assert_eq!(out[0].to(), Point::Nowhere);
    assert_eq!(*out[2].share(), Share::ByKey(Some("weight % 10".into())));
}

/// Which branch comes first is what a `match` means: those that discard stand among the others.
#[test]
fn branches_stand_in_the_order_of_the_text() {
    let patterns = |topology: &stagekit::Topology, errors: bool| -> Vec<String> {
        let out = topology.edges().iter().filter(|edge| (edge.arrow() == Arrow::OfErrors) == errors);
        out.filter_map(|edge| edge.branch().map(String::from)).collect()
    };
    let sorted = sorted().topology();
    assert_eq!(patterns(&sorted, true), ["Bad::Empty", "Bad::Digits(text)"]);
    assert_eq!(patterns(&sorted, false), ["0", "n if n > 99", "7", "n if n % 2 == 0", "n"]);
    let only = pipeline! { numbers(0..9) => match { 0 => _, n if n > 5 => _, _ => _ } }.topology();
    assert_eq!(patterns(&only, false), ["0", "n if n > 5", "_"]);
    let nested = pipeline! { numbers(0..9) => match { 0 => _, n => match { 1 => _, m => report, }, } }.topology();
    assert_eq!(patterns(&nested, false), ["0", "1", "m"]);
    let inner = pipeline! { lines => { words() } => match { text if text.is_empty() => _, text => store } }.topology();
    assert!(inner.to_string().ends_with("=> match\n   ├ text if text.is_empty() => _\n   └ text => store"), "{inner}");
}

#[test]
fn a_route_stands_in_the_order_of_its_cases() {
    use stagekit::dynamic::{Kinds, node, producer, stage};
    let mut kinds: Kinds = Kinds::new();
    kinds.route("size", |n: &u64| if *n > 9 { "big" } else { "small" });
    let mut graph = kinds.graph();
    graph.put("numbers", producer(from_iter(0..20u64))).unwrap();
    graph.put("big", stage(node!(report))).unwrap();
    graph.put("small", stage(node!(report))).unwrap();
    graph.route("numbers", "size", [("none", "_"), ("big", "big"), ("small", "small"), ("_", "_")]).unwrap();
    assert_eq!(
        graph.build().unwrap().topology().to_string(),
        "numbers   u64\n=> match\n   ├ none => _\n   ├ big => big\n   ├ small => small\n   └ _ => _"
    );
}

#[test]
fn options_are_written_as_they_were_set() {
    use std::time::Duration;
    let topology = pipeline! {
        numbers(0..9).buffer(8, Overflow::DropNewest).poll_every(Duration::from_millis(5))
            => double.max_demand(20).min_demand(3).on_error(retry(3, Duration::from_millis(20))).own_task()
            => ship_all.concurrency(9).unordered().timeout(Duration::from_secs(2)).on_panic(skip())
            => add(0).workers(3).restart(Restart::default()).blocking()
    }
    .topology();
    let options = |name: &str| topology.stage(name).unwrap().options().join(" ");
    assert_eq!(options("numbers"), "buffer(8, DropNewest) poll_every(5ms)");
    assert_eq!(options("double"), "max_demand(20) min_demand(3) on_error(retry(3, 20ms)) own_task()");
    assert_eq!(options("ship_all"), "concurrency(9) unordered() timeout(2s) on_panic(skip())");
    assert_eq!(options("add"), "workers(3) restart(3 in 5s) blocking()");
    assert_eq!(topology.stage("add").unwrap().workers(), 3);
}

#[producer_consumer]
async fn ship_all(n: u64) -> u64 {
    n
}

#[test]
fn an_open_end_is_open() {
    let output: Output<u64> = pipeline! { numbers(0..9) => double => .. };
    assert_eq!(output.topology().to_string(), "numbers     u64\n=> double   u64\n=> ..");
    let input: Input<u64> = pipeline! { .. => [double => report, push] };
    let open: Vec<_> = input.topology().edges().iter().map(|edge| edge.from()).collect();
    assert_eq!(open.iter().filter(|from| **from == Point::Outside).count(), 2);
    assert_eq!(input.topology().to_string(), "..            u64\n=> all\n   ├ double   u64\n   │ => report\n   └ push");
    let discarded = pipeline! { numbers(0..9) => _ }.topology();
    assert_eq!(discarded.edges()[0].to(), Point::Nowhere);
}

#[tokio::test]
async fn a_running_pipeline_has_the_graph_that_it_had() {
    let pipeline =
        pipeline! { numbers(0..9) => double => { words_of() } => double.max_demand(7).name("double") => report };
    let before = pipeline.topology().to_string();
    let running = pipeline.spawn();
    assert_eq!(running.topology().to_string(), before);
    let handle = running.handle();
    let summary = running.await.unwrap();
    assert_eq!(handle.topology().to_string(), before);
    // One stage, one name, here and there.
    let names: Vec<&str> = summary.stages.iter().map(|stage| stage.name.as_str()).collect();
    let drawn: Vec<&str> =
        handle.topology().stages().iter().map(|stage| stage.name().to_owned().leak() as &str).collect();
    assert_eq!(names, drawn);
    assert!(names.contains(&"double 2"), "{names:?}");
}

fn words_of() -> Segment<u64, u64> {
    pipeline! { .. => |n: u64| n + 1 => .. }
}

#[test]
fn errors_lead_where_else_says() {
    let raw = start(<lines>::__stage());
    let parsed = fuse(raw, caught(<decode>::__stage()));
    let refused_by = errors(&parsed.port());
    let refusals = link_last(&refused_by, <refused>::__stage());
    let keyed = by_author(&parsed.port());
    let billed = link_last(&keyed, <bill>::__stage());
    let topology = runnable([close(parsed), close(refusals), close(billed)]).topology();
    assert_eq!(topology.to_string(), "lines       String\n-> decode   Post\n   else Refused => refused\n=> by bill");
}

fn by_author<S, F>(port: &stagekit::builder::Port<S, Post, F>) -> stagekit::builder::Port<S, Post, F> {
    stagekit::builder::by(port, |post| u64::from(post.author))
}

/// The README's program, and the tree that it says is printed.
#[test]
fn the_tree_in_the_readme_is_the_one_of_its_program() {
    let pipeline = pipeline! {
        let sum = add(0);
        let refused = complain(0);

        counter(1..10)
            => halve else refused
            -> |n| n + 1
            => sum;
    };
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let shown = format!("```text\n{pipeline}\n```");
    assert!(readme.contains(&shown), "{shown}");
}

#[producer]
fn counter(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    range
}

#[producer_consumer]
fn halve(n: u64) -> Result<u64, String> {
    if n.is_multiple_of(3) { Err(format!("{n} is a multiple of three")) } else { Ok(n / 2) }
}

#[consumer]
fn complain(_error: String, count: &mut u64) {
    *count += 1;
}
