//! What the builder and a graph of the configuration say of a mistake is what the compiler says of it: the texts are
//! held against the recorded errors of `ui`. The macro and the runtime cannot share them, and must not drift apart.

use std::path::Path;
use std::time::Duration;

use stagekit::Single;
use stagekit::builder::{
    GraphError, Mistake, Shared, any, build, by, caught, close, discard, feedback, fuse, join, join_also, link,
    link_last, node, out_of, place, runnable, share, share_feedback, share_join, share_join_also, share_last, shared,
    start,
};
use stagekit::dynamic::{self, Graph, Kinds, errors_of, producer, stage};
use stagekit::op::{ByRef, CannotFail, NoEvents, Uncaught};
use stagekit::prelude::*;
use tests::stages::*;

/// The messages and the notes of a recorded error, names without their paths.
fn recorded(case: &str) -> (Vec<String>, Vec<String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("ui/{case}.stderr"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("there is no {}", file.display()));
    let text = text.replace("tests::stages::", "");
    let after = |mark: &str| {
        let found = text.lines().filter_map(|line| Some(line.trim_start().strip_prefix(mark)?.to_owned()));
        found.collect::<Vec<_>>()
    };
    let messages = after("error").iter().filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect();
    (messages, after("= note: "))
}

fn plain(text: &str) -> String {
    text.replace("tests::stages::", "").replace("core::cell::", "")
}

/// The error is the one that was recorded, and nothing more.
fn same(case: &str, mistakes: &[Mistake]) {
    let (messages, notes) = recorded(case);
    let [mistake] = mistakes else { panic!("{case}: {mistakes:#?}") };
    assert_eq!(plain(mistake.text()), messages[0], "{case}");
    if let Some(remedy) = mistake.remedy() {
        let remedy = plain(remedy);
        assert!(notes.iter().any(|note| remedy.starts_with(note.as_str())), "{case}: {remedy}\n{notes:#?}");
    }
}

/// The same of a graph by name: where it says something else, it is the advice, and that says nothing of `pipeline!`.
fn same_here(case: &str, mistakes: &[Mistake]) {
    let (messages, _) = recorded(case);
    let [mistake] = mistakes else { panic!("{case}: {mistakes:#?}") };
    let (here, there) = (plain(mistake.text()), &messages[0]);
    let common = here.bytes().zip(there.bytes()).take_while(|(a, b)| a == b).count();
    // What is wrong is said in the same words, up to the advice; stages may have other names.
    let fact = |text: &str| text.split(": ").next().unwrap_or_default().split('`').step_by(2).collect::<String>();
    assert_eq!(fact(&here), fact(there), "{case}: {here}\n{there}");
    let advice = format!("{}\n{}", &here[common..], mistake.remedy().unwrap_or_default());
    for form in ["=>", "|e|", " else", "`let ", "pipeline!", "independent", "any [", "by |"] {
        assert!(!advice.contains(form), "{case}: {advice}");
    }
}

fn wrong_here<T>(case: &str, result: Result<T, GraphError>) {
    match result {
        Ok(_) => panic!("{case}: nothing is said to be wrong"),
        Err(error) => same_here(case, error.mistakes()),
    }
}

fn wrong<T>(case: &str, result: Result<T, GraphError>) {
    match result {
        Ok(_) => panic!("{case}: nothing is said to be wrong"),
        Err(error) => same(case, error.mistakes()),
    }
}

/// What the compiler finds out from the edges, and cannot where there is none.
type Unjoined<S> = Shared<S, u64, NoEvents, CannotFail, ByRef, Single, Uncaught>;

/// `counter => node => _`, the node made by the test.
macro_rules! between {
    ($node:expr) => {{
        let numbers = start(node!(counter(0..3)));
        let middle = link(&numbers.port(), $node);
        discard(&middle.port());
        build([close(numbers), close(middle)])
    }};
}

/// `producer => save`, the producer made by the test.
macro_rules! behind {
    ($node:expr) => {{
        let numbers = start($node);
        let last = link_last(&numbers.port(), node!(save));
        build([close(numbers), close(last)])
    }};
}

#[test]
fn the_builder_speaks_as_the_compiler_does_of_graphs() {
    wrong("parse/20_empty_pipeline", build([]));

    let numbers = start(node!(counter(0..3)));
    wrong("graph/26_no_edge", build([close(numbers)]));

    let numbers = start(node!(counter(0..3)));
    let last = link_last(&numbers.port(), node!(save));
    let audit = shared(node!(print.name("audit")));
    let _: &Unjoined<_> = &audit;
    wrong("graph/26_never_connected", build([close(numbers), close(last), place(&audit)]));

    let again = shared(node!(double.name("again")));
    join(&out_of(&again), &again, Edge::new());
    wrong("graph/03_no_producer", build([place(&again)]));

    let numbers = start(node!(counter(0..3)));
    let (a, b) = (shared(node!(double.name("a"))), shared(node!(square.name("b"))));
    join(&numbers.port(), &a, Edge::new());
    join(&out_of(&a), &b, Edge::new());
    let last = share_last(&out_of(&b), node!(save));
    stagekit::builder::share_join_also(&out_of(&b), &a, Edge::new());
    wrong("graph/27_cycle", build([close(numbers), place(&a), place(&b), close(last)]));

    let (numbers, texts) = (start(node!(counter(0..3))), start(node!(words)));
    let (last, other) = (link_last(&numbers.port(), node!(save)), link_last(&texts.port(), node!(alarm)));
    wrong("graph/28_two_graphs", build([close(numbers), close(texts), close(last), close(other)]));

    let numbers = start(node!(counter(0..3)));
    let middle = link(&numbers.port(), node!(double));
    wrong("edge/04_no_consumer_last", build([close(numbers), close(middle)]));

    let numbers = start(node!(counter(0..3)));
    let left = share_last(&numbers.port(), node!(print));
    let right = link_last(&any(&numbers.port()), node!(save));
    wrong("graph/50_shared_beside_others", build([close(numbers), close(left), close(right)]));

    let numbers = start(node!(counter(0..3)));
    let left = link_last(&numbers.port(), node!(save));
    discard(&numbers.port());
    wrong("graph/52_discard_in_a_list", build([close(numbers), close(left)]));
}

#[test]
fn the_builder_speaks_as_the_compiler_does_of_options() {
    let none = Duration::ZERO;
    wrong("graph/33_batch_over_demand", between!(node!(total.batch(50, none).max_demand(20))));
    wrong("graph/33_empty_batch", between!(node!(total.batch(0, none))));
    wrong("graph/33_no_concurrency", between!(node!(fetch.concurrency(0))));
    wrong("graph/33_min_demand", between!(node!(double.name("save").max_demand(10).min_demand(10))));
    wrong("graph/33_no_demand", between!(node!(double.name("save").max_demand(0))));
    wrong("graph/33_no_workers", between!(node!(double.name("save").workers(0))));
    wrong("graph/33_too_much_demand", between!(node!(double.name("save").max_demand(2_000_000))));
    wrong("graph/33_empty_buffer", behind!(node!(counter(0..3).buffer(0, Overflow::Wait))));
    wrong("graph/67_batch_of_a_producer", behind!(node!(counter(0..3).batch(5, none))));
    wrong("graph/67_demand_of_a_producer", behind!(node!(counter(0..3).max_demand(5))));
    wrong("graph/67_restart_of_a_producer", behind!(node!(counter(0..3).restart(Restart::default()))));
    wrong("graph/67_demand_of_a_let", behind!(node!(counter(0..3).name("numbers").min_demand(5))));
    wrong("graph/67_buffer_of_a_consumer", between!(node!(double.name("save").buffer(5, Overflow::Wait))));
    wrong("graph/67_poll_every_of_a_consumer", between!(node!(double.poll_every(Duration::from_secs(1)))));

    let numbers = start(node!(counter(0..3)));
    let last = fuse(numbers, node!(fetch.concurrency(4)));
    discard(&last.port());
    wrong("graph/34_fused_concurrency", build([close(last)]));

    let (numbers, more) = (start(node!(counter(0..3))), start(node!(counter(3..6))));
    let all = shared(node!(total.batch(50, none).name("all")));
    join(&numbers.port(), &all, Edge::new().max_demand(20));
    join_also(&more.port(), &all, Edge::new().max_demand(20));
    let last = link_last(&out_of(&all), node!(save));
    wrong("graph/83_batch_over_edges", build([close(numbers), close(more), place(&all), close(last)]));

    // Together they fill it.
    let (numbers, more) = (start(node!(counter(0..3))), start(node!(counter(3..6))));
    let all = shared(node!(total.batch(50, none)));
    join(&numbers.port(), &all, Edge::new().max_demand(30));
    join_also(&more.port(), &all, Edge::new().max_demand(30));
    let last = link_last(&out_of(&all), node!(save));
    sound(runnable([close(numbers), close(more), place(&all), close(last)]));

    // The edge into what is bound with `let` has limits of its own.
    let numbers = start(node!(counter(0..3)));
    let save = shared(node!(save));
    join(&numbers.port(), &save, Edge::new().max_demand(0));
    wrong("graph/33_no_demand", build([close(numbers), place(&save)]));
}

#[test]
fn the_builder_speaks_as_the_compiler_does_of_partitions() {
    let workers = || shared(node!(double.name("a").workers(4)));
    let (numbers, more, a) = (start(node!(counter(0..3))), start(node!(counter(5..9))), workers());
    join(&by(&numbers.port(), |x| *x), &a, Edge::new());
    join_also(&more.port(), &a, Edge::new());
    let last = link_last(&out_of(&a), node!(save));
    wrong("graph/82_partitions_beside_others", build([close(numbers), close(more), place(&a), close(last)]));

    let (numbers, more, a) = (start(node!(counter(0..3))), start(node!(counter(5..9))), workers());
    join(&by(&numbers.port(), |x| *x), &a, Edge::new());
    let list = by(&more.port(), |x| *x);
    join_also(&list, &a, Edge::new());
    let other = link(&list, node!(square));
    let (last, other_last) = (link_last(&out_of(&a), node!(save)), link_last(&other.port(), node!(print)));
    let stages = [close(numbers), close(more), place(&a), close(other), close(last), close(other_last)];
    wrong("graph/82_partitions_of_two_lists", build(stages));

    let (numbers, a) = (start(node!(counter(0..3))), workers());
    join(&by(&numbers.port(), |x| *x), &a, Edge::new());
    let last = share_last(&out_of(&a), node!(save));
    let again = share_feedback(&out_of(&a), &a, Edge::new(), 20, Overflow::Fail);
    wrong("graph/82_feedback_into_partitions", build([close(numbers), place(&a), close(last), again]));

    // Two lists of the same legs are one partition.
    let (numbers, more, a) = (start(node!(counter(0..3))), start(node!(counter(5..9))), workers());
    join(&by(&numbers.port(), |x| *x), &a, Edge::new());
    join_also(&by(&more.port(), |x| *x), &a, Edge::new());
    let last = link_last(&out_of(&a), node!(save));
    sound(runnable([close(numbers), close(more), place(&a), close(last)]));

    let (numbers, a) = (start(node!(counter(0..3))), shared(node!(save.name("a"))));
    share_join(&numbers.port(), &a, Edge::new());
    share_join_also(&numbers.port(), &a, Edge::new());
    wrong("graph/85_edge_twice", build([close(numbers), place(&a)]));
}

#[test]
fn the_builder_speaks_as_the_compiler_does_of_loops() {
    let (numbers, a) = (start(node!(counter(0..3))), shared(node!(double.name("a"))));
    join(&numbers.port(), &a, Edge::new());
    let b = link(&out_of(&a), node!(total.name("b").batch(50, Duration::ZERO)));
    let last = share_last(&b.port(), node!(save));
    let again = share_feedback(&b.port(), &a, Edge::new(), 20, Overflow::Fail);
    wrong("graph/81_batch_over_feedback", build([close(numbers), place(&a), close(b), close(last), again]));

    let (numbers, a) = (start(node!(counter(0..3))), shared(node!(double.name("a"))));
    let other = share(&numbers.port(), node!(square));
    share_join(&numbers.port(), &a, Edge::new());
    let again = feedback(&other.port(), &a, Edge::new(), 64, Overflow::Fail);
    let last = link_last(&out_of(&a), node!(save));
    let stages = [close(numbers), close(other), place(&a), close(last), again];
    wrong("graph/81_feedback_without_a_loop", build(stages));

    // Of two loops that share a stage it is the smallest that counts, which is not the batch's own.
    let (numbers, a) = (start(node!(counter(0..3))), shared(node!(double.name("a"))));
    join(&numbers.port(), &a, Edge::new());
    let list = any(&out_of(&a));
    let own = feedback(&list, &a, Edge::new(), 4, Overflow::Fail);
    let b = link(&list, node!(total.name("b").batch(30, Duration::ZERO)));
    let other = share_feedback(&b.port(), &a, Edge::new(), 40, Overflow::Fail);
    let last = share_last(&b.port(), node!(save));
    let error = build([close(numbers), place(&a), close(b), own, other, close(last)]).unwrap_err();
    let said = "a batch of 30 can never fill: `b` stands in the loop of `feedback(4) a`, let it be 30 or more";
    assert_eq!(error.to_string(), said);
}

#[test]
fn a_run_is_no_longer_than_the_macro_lets_it_be() {
    let run = start(node!(words));
    let run = fuse(fuse(fuse(run, node!(shout.name("1"))), node!(shout.name("2"))), node!(shout.name("3")));
    let run = fuse(fuse(fuse(run, node!(shout.name("4"))), node!(shout.name("5"))), node!(shout.name("6")));
    let run = fuse(fuse(fuse(run, node!(shout.name("7"))), node!(shout.name("8"))), node!(shout.name("9")));
    let run = fuse(fuse(fuse(run, node!(shout.name("10"))), node!(shout.name("11"))), node!(shout.name("12")));
    let run = fuse(fuse(fuse(run, node!(shout.name("13"))), node!(shout.name("14"))), node!(shout.name("15")));
    let run = fuse(fuse(run, node!(shout.name("16"))), node!(shout.name("17")));
    discard(&run.port());
    wrong("graph/34_fused_too_often", build([close(run)]));
}

fn sound<T>(pipeline: Pipeline<T>) {
    if let Err(error) = pipeline.checked() {
        panic!("{error}");
    }
}

/// The builder's checks say nothing of what the macro has let through.
#[test]
fn what_the_macro_makes_is_sound() {
    sound(pipeline! { [counter(0..3), counter(4..6)] => any [save, sum(0)] });
    sound(pipeline! { words -> parse else quarantine => _ });
    sound(pipeline! { words => refuse else _ -> |x| x + 1 => save });
    sound(pipeline! { let a = double; counter(0..3) => [a, square => a.max_demand(3)]; a => save });
    sound(pipeline! {
        let last = sum(0).workers(3);
        [counter(0..3), counter(4..6)] => by |x| x % 7 [last, print]
    });
    sound(pipeline! {
        let bad = quarantine;
        counter(0..3).buffer(10, Overflow::Wait) => [
            print,
            double.max_demand(5) => any [save.workers(2), sum(0)],
            show => parse else bad => total.batch(3, Duration::ZERO) => _,
        ];
        words => parse.name("again") else bad => print.name("too")
    });
    let inner: Segment<u64, u64> = pipeline! { .. => double -> square => .. };
    let inner = inner.checked().unwrap();
    let output: Output<u64> = pipeline! { counter(0..3) => { inner } => .. };
    let _ = output.checked().unwrap();
    let input: Input<u64> = pipeline! { .. => [print, double => save] };
    let _ = input.checked().unwrap();
}

/// What the types of the builder refuse has the macro's text too.
#[test]
fn the_compiler_says_the_same_of_a_value() {
    let first = |case: &str| recorded(case).0.swap_remove(0);
    assert_eq!(first("edge/71_workers_of_a_value"), first("graph/67_workers_of_a_producer"));
    assert_eq!(first("edge/71_fused_workers_of_a_value"), first("graph/34_fused_workers"));
}

/// What only the builder can get wrong, and what the start would say, has a text too.
#[test]
fn the_builders_own_mistakes() {
    let text = |result: Result<Pipeline, GraphError>| result.unwrap_err().to_string();

    let numbers = start(node!(counter(0..3)));
    let _forgotten = link_last(&numbers.port(), node!(save));
    let said = text(build([close(numbers)]));
    assert_eq!(said, "an edge leads to `save`, which is not among the stages of the graph: give it to `build` too");

    let numbers = start(node!(counter(0..3)));
    let (left, right) = (link_last(&numbers.port(), node!(save)), share_last(&numbers.port(), node!(print)));
    let said = text(build([close(numbers), close(left), close(right)]));
    assert!(said.starts_with("`counter` leads to several stages, but its edge to `save` is not one of a broadcast"));
    assert!(said.contains("use `share`"), "{said}");

    let said = text(between!(node!(double.batch(5, Duration::ZERO))));
    assert!(said.starts_with("stage `double`: it takes single events"), "{said}");

    // Every mistake is told, and each of them once.
    let numbers = start(node!(counter(0..3).max_demand(5)));
    let middle = link(&numbers.port(), node!(double.workers(0)));
    let error = build([close(numbers), close(middle)]).unwrap_err();
    let stages: Vec<_> = error.mistakes().iter().map(|mistake| mistake.stage().unwrap()).collect();
    assert_eq!(stages, ["counter", "double", "double"], "{error}");
}

#[tokio::test]
async fn an_error_of_a_graph_is_an_error_of_the_run() {
    let error: Error = build([]).unwrap_err().into();
    assert!(error.is_graph() && error.stage().is_none());
    assert_eq!(error.to_string(), "empty pipeline: write at least `producer => consumer`");
    // Unchecked, a stage that no edge leads into does not start, and does not panic.
    let lost = shared(node!(print));
    let _: &Unjoined<_> = &lost;
    let error = runnable([place(&lost)]).run().await.unwrap_err();
    assert!(error.is_graph() && error.stage() == Some("print"), "{error}");
}

// ------------------------------------------------------------------------------------------------------------- dynamic

fn kinds() -> Kinds {
    let mut kinds = Kinds::new();
    kinds
        .kind("counter", |_| producer(node!(counter(0..3))))
        .kind("words", |_| producer(node!(words)))
        .kind("connections", |_| producer(node!(connections)))
        .kind("cells", |_| producer(node!(cells)))
        .kind("double", |_| stage(node!(double.workers(1))))
        .kind("square", |_| stage(node!(square)))
        .kind("show", |_| stage(node!(show)))
        .kind("shout", |_| stage(node!(shout)))
        .kind("parse", |_| stage(node!(parse)))
        .kind("refuse", |_| stage(caught(node!(refuse))))
        .kind("total", |_| stage(node!(total)))
        .kind("fetch", |_| stage(node!(fetch.concurrency(1))))
        .kind("save", |_| stage(node!(save.workers(1))))
        .kind("print", |_| stage(node!(print)))
        .kind("alarm", |_| stage(node!(alarm)))
        .kind("quarantine", |_| stage(node!(quarantine)))
        .kind("look", |_| stage(node!(look)))
        .kind("keep", |_| stage(node!(keep)))
        .kind("peek", |_| stage(node!(peek)))
        .key("itself", |n: &u64| *n)
        .route("parity", |n: &u64| if n.is_multiple_of(2) { "even" } else { "odd" })
        .route("length", |text: &String| text.len().to_string())
        .lends::<Connection>();
    kinds
}

/// A graph in few words: `name` or `name=kind` is a node; `a>b`, `a!b`, `a>_`, `a?b,c`, `a@b,c`, `a<b 20` are edges, `else`,
/// a discard, `any`, `by` and `feedback(20)`; `a.option value` sets an option.
fn read(kinds: &Kinds, text: &str) -> Result<Pipeline, GraphError> {
    let mut graph: Graph<'_> = kinds.graph();
    for word in text.split(';').map(str::trim) {
        if let Some((from, to)) = word.split_once('>') {
            match to.split_once('.') {
                Some((to, demand)) => graph.link_with(from, to, Edge::new().max_demand(demand.parse().unwrap()))?,
                None => graph.link(from, to)?,
            }
        } else if let Some((from, to)) = word.split_once('!') {
            graph.link(errors_of(from), to)?;
        } else if let Some((from, to)) = word.split_once('?') {
            graph.any(from, to.split(','))?;
        } else if let Some((from, to)) = word.split_once('@') {
            graph.by(from, "itself", to.split(','))?;
        } else if let Some((from, to)) = word.split_once('<') {
            let (to, room) = to.split_once(' ').unwrap();
            graph.link(from, dynamic::feedback(to, room.parse().unwrap(), Overflow::Fail))?;
        } else if let Some((name, option)) = word.split_once('.') {
            let (option, value) = option.split_once(' ').unwrap_or((option, ""));
            graph.set(name, option, value)?;
        } else {
            let (name, kind) = word.split_once('=').unwrap_or((word, word));
            graph.add(name, kind, &())?;
        }
    }
    graph.build()
}

#[test]
fn a_graph_of_the_configuration_speaks_as_the_compiler_does() {
    let kinds = kinds();
    let numbers = "counter;save;counter>save";
    for (case, text) in [
        ("edge/01_event_type", "counter;shout;alarm;counter>shout;shout>alarm"),
        ("edge/02_no_producer_first", "double;save;double>save"),
        ("edge/04_no_consumer_last", "counter;double;counter>double"),
        ("edge/05_producer_in_the_middle", "counter;words;counter>words"),
        ("edge/06_after_a_consumer", "counter;save;print;counter>save;save>print"),
        ("edge/13_broadcast_without_clone", "connections;look;keep;connections>look;connections>keep"),
        ("edge/13_broadcast_without_sync", "cells;peek;other=peek;cells>peek;cells>other"),
        ("edge/31_else_of_an_infallible_stage", "words;shout;quarantine;words>shout;shout!quarantine"),
        ("edge/32_else_of_another_error", "words;parse;alarm;words>parse;parse!alarm"),
        ("edge/57_error_leads_nowhere", "words;refuse;save;words>refuse;refuse>save"),
        ("graph/03_no_producer", "again=double;again>again"),
        ("graph/24_two_lets_of_one_name", "store=save;store=print"),
        ("graph/26_never_connected", &format!("{numbers};audit=print")),
        ("graph/26_no_edge", "counter"),
        ("graph/27_cycle", "counter;a=double;b=square;save=print;counter>a;a>b;b>save;b>a"),
        ("graph/28_two_graphs", &format!("{numbers};words;alarm;words>alarm")),
        (
            "graph/33_batch_over_demand",
            "counter;total;save;counter>total;total>save;total.batch 50 0s;total.max_demand 20",
        ),
        ("graph/33_empty_batch", "counter;total;save;counter>total;total>save;total.batch 0 0s"),
        ("graph/33_empty_buffer", &format!("{numbers};counter.buffer 0")),
        ("graph/33_min_demand", &format!("{numbers};save.max_demand 10;save.min_demand 10")),
        ("graph/33_no_concurrency", "counter;fetch;alarm;counter>fetch;fetch>alarm;fetch.concurrency 0"),
        ("graph/33_no_demand", &format!("{numbers};save.max_demand 0")),
        ("graph/33_no_workers", &format!("{numbers};save.workers 0")),
        ("graph/33_too_much_demand", &format!("{numbers};save.max_demand 2_000_000")),
        ("graph/50_shared_beside_others", "counter;print;save;sum=save;counter>print;counter?save,sum"),
        ("graph/52_discard_in_a_list", &format!("{numbers};counter>_")),
        ("graph/81_batch_over_feedback", "counter;a=double;b=total;save;counter>a;a>b;b>save;b<a 20;b.batch 50 0s"),
        (
            "graph/81_feedback_without_a_loop",
            "counter;square;a=double;save;counter>square;counter>a;a>save;square<a 64",
        ),
        ("graph/81_nothing_enters_the_loop", "counter;a=double;b=square;save;counter>b;b>save;a<a 64;a>b"),
        ("graph/82_feedback_into_partitions", "counter;a=double;save;counter@a;a<a 20;a>save;a.workers 4"),
        (
            "graph/82_partitions_beside_others",
            "counter;other=counter;a=double;save;counter@a;other>a;a>save;a.workers 4",
        ),
        (
            "graph/82_partitions_of_two_lists",
            "counter;c=counter;a=double;square;save;counter@a;c@a,square;a>save;square>_;a.workers 4",
        ),
        (
            "graph/83_batch_over_edges",
            "counter;other=counter;all=total;save;counter>all.20;other>all.20;all>save;all.batch 50 0s",
        ),
        ("graph/85_edge_twice", "counter;a=save;counter>a;counter>a"),
        ("graph/67_batch_of_a_producer", &format!("{numbers};counter.batch 5 0s")),
        ("graph/67_buffer_of_a_consumer", &format!("{numbers};save.buffer 5")),
        ("graph/67_demand_of_a_producer", &format!("{numbers};counter.max_demand 5")),
        ("graph/67_poll_every_of_a_consumer", "counter;double;save;counter>double;double>save;double.poll_every 1s"),
        ("graph/67_restart_of_a_producer", &format!("{numbers};counter.restart 3 5s")),
        ("graph/67_workers_of_a_producer", &format!("{numbers};counter.workers 4")),
        ("parse/20_empty_pipeline", ";"),
    ] {
        let text = text.trim_matches(';');
        if text.is_empty() {
            wrong_here(case, kinds.graph().build());
        } else {
            wrong_here(case, read(&kinds, text));
        }
    }
}

/// What the compiler has no text for, because only a configuration can get it wrong.
#[test]
fn mistakes_of_a_configuration() {
    let kinds = kinds();
    for (text, said) in [
        ("numbers=count", "unknown kind `count`: there is `alarm`, `cells`"),
        ("counter;counter>sav", "unknown node `sav`: there is `counter`"),
        ("counter;counter.worker 4", "`counter` has no option `worker`: there is `max_demand`"),
        ("save;save.max_demand many", "`max_demand` of `save` takes a number, got `many`"),
        ("print;print.workers 4", "`workers` of `print` is fixed: its constructor does not call `.workers(1)`"),
        ("double;double.concurrency 4", "`double` cannot have several events in flight"),
        ("_=double", "`_` is no name of a node"),
        ("counter;a=save;counter?a,a", "two edges lead from `counter` to `a`: remove one, or add a second node"),
        ("counter;a=save;counter?a,_", "`_` discards all that a stage emits, so it cannot be one of several"),
        ("counter;a=double;counter>a;a<a 0", "`feedback` to `a` must hold at least 1 event, got 0"),
        ("counter;counter.concurrency 4", "`counter` cannot have several events in flight"),
        ("save;save.on_error retry", "`on_error` of `save` takes `stop` or `skip`, got `retry`"),
        ("fetch;fetch.timeout 1s", "`timeout` is part of the type of `fetch`"),
        ("total;total.batch 5", "`batch` of `total` takes a number and a duration, as `50 200ms`, got `5`"),
        ("save;save>_", "`save` is a consumer: it emits no events"),
    ] {
        let error = read(&kinds, text).unwrap_err().to_string();
        assert!(error.starts_with(said), "{text}: {error}");
    }
    let routed = |from: &str, route: &str, cases: &[(&str, &str)]| {
        let mut graph = kinds.graph();
        for name in ["counter", "save", "print"] {
            graph.add(name, name, &()).unwrap();
        }
        graph.route(from, route, cases.iter().copied()).and_then(|()| {
            graph.route(from, route, [("_", "_")]).expect_err("there is a route already");
            graph.link(from, "print")?;
            graph.build().map(|_| ())
        })
    };
    for (route, cases, said) in [
        ("parties", &[("_", "save")][..], "unknown route `parties`: there is `length`, `parity`"),
        ("length", &[("_", "save")], "event type mismatch: `counter` emits `u64`, but `length` takes `String`"),
        (
            "parity",
            &[("odd", "save")],
            "the route `parity` of `counter` has no case `_`: say where all other events go",
        ),
        ("parity", &[("odd", "save"), ("odd", "print")], "the route `parity` of `counter` has two cases `odd`"),
        ("parity", &[("odd", "sav"), ("_", "_")], "unknown node `sav`"),
        ("parity", &[("odd", "save"), ("_", "_")], "the route of `counter` takes all that it emits, so no other edge"),
    ] {
        let error = routed("counter", route, cases).unwrap_err().to_string();
        assert!(error.starts_with(said), "{cases:?}: {error}");
    }
    let mut graph = kinds.graph();
    graph.add("counter", "counter", &()).unwrap();
    graph.add("double", "double", &()).unwrap();
    graph.link("counter", "double").unwrap();
    let error = graph.link("double", dynamic::feedback("double", 4, Overflow::Wait)).unwrap_err().to_string();
    assert_eq!(error, "a loop cannot wait for itself: `Overflow::Fail`, `DropOldest` or `DropNewest`");
    let mut graph = kinds.graph();
    graph.put("sum", stage(node!(sum(0)))).unwrap();
    let wrong = graph.kept::<String>("sum").unwrap_err().to_string();
    assert_eq!(wrong, "`sum` keeps `u64`, not `String`");
    let mut kinds: dynamic::Kinds<str> = dynamic::Kinds::new();
    kinds.kind("counter", |to| to.parse().map(|to| producer(node!(counter(0..to)))));
    kinds.key("customer", |order: &Order| order.customer.clone());
    let mut graph = kinds.graph();
    let error = graph.add("numbers", "counter", "ten").unwrap_err().to_string();
    assert_eq!(error, "`numbers` cannot be made: invalid digit found in string");
    graph.add("numbers", "counter", "10").unwrap();
    graph.put("save", stage(node!(save))).unwrap();
    let error = graph.by("numbers", "customer", ["save"]).unwrap_err();
    let text = "event type mismatch: `numbers` emits `u64`, but `customer` takes `tests::stages::Order`";
    assert_eq!(error.mistakes()[0].text(), text);
    let error = graph.by("numbers", "parity", ["save"]).unwrap_err().to_string();
    assert_eq!(error, "unknown key `parity`: there is `customer`");
    let said = recorded("node/59_concurrency_of_a_sync_stage").0;
    assert!(said[0].ends_with("cannot have several events in flight"), "{said:?}");
}
