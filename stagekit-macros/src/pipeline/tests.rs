//! The language without a compiler: what is read, what is refused, and what a graph expands to.
//!
//! The snapshots are rewritten by `UPDATE_SNAPSHOTS=1 cargo test -p stagekit-macros`; read the difference.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::ast::{Item, Kind, Mode, Node, Source, Stage, Target};
use super::graph::{End, Graph};
use crate::diagnostic::Diagnostics;
use crate::snapshot;

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("the test's own tokens")
}

fn source(text: &str) -> Source {
    let mut errors = Diagnostics::default();
    let source = super::parse::parse(tokens(text), &mut errors);
    assert!(errors.is_empty(), "{text}: {}", errors.into_tokens());
    source
}

fn graph(text: &str) -> Graph {
    let mut errors = Diagnostics::default();
    let graph = Graph::new(source(text), &mut errors);
    assert!(errors.is_empty(), "{text}: {}", errors.into_tokens());
    graph
}

/// The targets of the only path.
fn path(text: &str) -> Vec<Target> {
    match source(text).items.pop() {
        Some(Item::Path(path)) => {
            [path.head].into_iter().chain(path.rest.into_iter().map(|(_, target)| target)).collect()
        }
        _ => panic!("{text} is a path"),
    }
}

fn nodes(text: &str) -> Vec<Node> {
    let node = |target| if let Target::Node(node) = target { node } else { panic!("{text} has nodes only") };
    path(text).into_iter().map(node).collect()
}

/// The texts of all `compile_error!`s in the expansion.
fn mistakes(text: &str) -> Vec<String> {
    fn walk(tokens: TokenStream, found: &mut Vec<String>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else { continue };
            if index >= 2 && tokens[index - 2].to_string() == "compile_error" {
                let text: syn::LitStr = syn::parse2(group.stream()).expect("the text of an error");
                found.push(text.value());
            } else {
                walk(group.stream(), found);
            }
        }
    }
    let mut found = Vec::new();
    walk(super::expand(tokens(text)), &mut found);
    found
}

#[track_caller]
fn refused(text: &str, mistake: &str) {
    assert_eq!(mistakes(text), [mistake], "{text}");
}

#[test]
fn a_closure_ends_at_the_next_arrow() {
    for text in [
        "a => |e| e + 1 => b",
        "a => |e| if e > 1 { e } else { 0 } => b",
        "a => |e| -> u64 { e } => b",
        "a => |e| -> u64 { e } -> b",
        "a => |e| match e { 1 => 2, _ => 3 } => b",
        "a => |e: (u64, u64)| e.0 => b",
        "a => move |e| f::<u8, u16>(e) => b",
        "a => |e| e. => b",
        "a => |e| -> u64 { e. } => b",
        "a => |e| if e. { 1 } else { 2 } => b",
    ] {
        let nodes = nodes(text);
        assert_eq!(nodes.len(), 3, "{text}");
        assert!(matches!(nodes[1].stage, Stage::Closure(_)), "{text}");
    }
    let Target::List(list) = path("a => [|e| f::<u8, u16>(e), b]").remove(1) else { panic!("a list") };
    assert_eq!(list.legs.len(), 2, "a comma between angle brackets belongs to the closure");
}

#[test]
fn a_closure_says_how_it_takes_its_event() {
    let closure = |text: &str| match nodes(&format!("a => {text} => b")).remove(1).stage {
        Stage::Closure(closure) => closure,
        _ => panic!("{text} is a closure"),
    };
    let parameter = |text: &str| {
        let parameter = closure(text).parameter;
        (parameter.borrowed, parameter.event.map(|event| event.to_string()))
    };
    assert_eq!(parameter("|e| e"), (false, None));
    assert_eq!(parameter("|&e| e"), (true, None));
    assert_eq!(parameter("|e: u64| e"), (false, Some("u64".into())));
    assert_eq!(parameter("|e: &String| e.len()"), (true, Some("String".into())));
    assert_eq!(parameter("|(a, b): (u8, u8)| a + b"), (false, Some("(u8 , u8)".into())));
    assert_eq!(parameter("|e: std::string::String| e"), (false, Some("std :: string :: String".into())));
    assert_eq!(closure("filter |e| true").kind, Kind::Filter);
    assert_eq!(closure("(flat_map move |e| e)").kind, Kind::FlatMap);
    assert!(closure("try_map move |e| e").moves);
}

#[test]
fn a_stage_may_be_called_like_a_word_of_the_language() {
    for word in ["all", "any", "by", "filter", "inspect"] {
        let nodes = nodes(&format!("{word} => {word}(3).name(\"b\") => {word}.workers(2)"));
        assert!(nodes.iter().all(|node| matches!(&node.stage, Stage::Named(named) if named.name == word)), "{word}");
    }
}

#[test]
fn the_list_of_a_partition_is_the_last_one() {
    let Target::List(list) = path("a => by |e| e.ids[0] [b, c] => d").remove(1) else { panic!("a list") };
    let Mode::By(key) = list.mode else { panic!("a partition") };
    assert_eq!(key.body.to_string(), "e . ids [0]");
    assert_eq!(list.legs.len(), 2);
}

#[test]
fn options_are_kept_as_they_are() {
    let mut nodes = nodes("a.name(\"x\").on_error(retry(3, ms(20))) => m::b::<u8>(1, 2).workers(n).wor");
    assert_eq!(nodes[0].options().to_string(), ". name (\"x\") . on_error (retry (3 , ms (20)))");
    assert!(
        matches!(self::nodes("a => b<u8>").remove(1).stage, Stage::Named(named) if named.path.to_string() == "b < u8 >" && !named.bare)
    );
    let last = nodes.remove(1);
    assert_eq!(last.options().to_string(), ". workers (n) . wor", "half an option is the compiler's business");
    let Stage::Named(named) = last.stage else { panic!("a name") };
    assert_eq!((named.path.to_string().as_str(), named.bare), ("m :: b :: < u8 >", false));
}

#[test]
fn several_paths_meet_in_one_instance() {
    let graph = graph("let s = save; a => s; [b, c] => [s, d]");
    let [s, d] = ["s", "d"].map(|name| (0..graph.vertices.len()).find(|&vertex| graph.label(vertex) == name).unwrap());
    assert_eq!(graph.edges_into(s).count(), 3);
    assert_eq!(graph.edges_into(d).count(), 2);
    assert!(graph.is_shared(s) && graph.is_shared(d) && graph.is_last(s));
    let heads: Vec<String> = graph.heads().into_iter().map(|head| graph.label(head)).collect();
    assert_eq!(heads, ["a", "b", "c"]);
    let b = graph.heads()[1];
    assert!(graph.broadcasts(End { vertex: b, errors: false }));
}

#[test]
fn an_else_binds_to_the_stage_before_it() {
    let graph = graph("a => b else c else _ => d");
    let ends: Vec<(String, bool, String)> = graph
        .edges
        .iter()
        .map(|edge| (graph.label(edge.from.vertex), edge.from.errors, graph.label(edge.to)))
        .collect();
    let edge = |from: &str, errors, to: &str| (from.to_owned(), errors, to.to_owned());
    assert_eq!(ends, [edge("a", false, "b"), edge("b", true, "c"), edge("c", true, "_"), edge("b", false, "d")]);
}

#[test]
fn each_mistake_is_one_error() {
    for (text, mistake) in [
        ("", "empty pipeline: write at least `producer => consumer`"),
        ("a", "no edge leads from `a`: write at least `producer => consumer`"),
        ("a => []", "empty stage list: name at least one stage between `[` and `]`"),
        (
            "a => => b",
            "expected a stage: `name`, `name(args)`, `|event| ...`, `{ value }`, `[a, b]`, `match { .. }` or `_`",
        ),
        ("a =>", "expected a stage: `name`, `name(args)`, `|event| ...`, `{ value }`, `[a, b]`, `match { .. }` or `_`"),
        ("a b", "expected `=>` (next stage) or `;` (next path)"),
        ("a => [b c]", "expected `=>` (next stage) or `,` (next leg)"),
        ("a => b, c => d", "expected `;`: paths are separated by semicolons"),
        ("a ~> b", "unknown arrow `~>`: use `=>` (a subscription) or `->` (fused)"),
        ("a |> b", "unknown arrow `|>`: use `=>` (a subscription) or `->` (fused)"),
        ("a --> b", "unknown arrow `-->`: use `=>` (a subscription) or `->` (fused)"),
        ("a ==> b", "unknown arrow `==>`: use `=>` (a subscription) or `->` (fused)"),
        ("a => by [b, c]", "partitioning needs a key: `by |e| e.id [..]`"),
        ("a => by |e| e.id => b", "`by` needs a list to lead into: `by |e| e.id [..]`"),
        ("a => async |e| e => b", "a closure cannot be async here: write an `async fn` with `#[producer_consumer]`"),
        ("a => match {}", "empty `match`: write at least one branch, `pattern => stage`"),
        (
            "a => match b { n => c }",
            "`match` reads the events of the stage before it: `events => match { pattern => stage, .. }`",
        ),
        ("a => match { A(n) => b A(m) => c }", "expected `=>` (next stage) or `,` (next branch)"),
        ("a => match { A(n) => b; m => c }", "expected `,`: a `match` separates its branches by commas"),
        ("a => match { A(n), m => c }", NO_TARGET),
        ("a => match { A(n) =>, m => c }", NO_TARGET),
        ("a => match { A(n + 1) => b, m => c }", "expected a pattern: `Event::Order(order) => stage`"),
        ("a => match { A(n) if => b, m => c }", "expected a condition: `pattern if condition => stage`"),
        ("a => match { A(n) => b, _ => c }", "`_` binds nothing that could be sent on: name the event, `other => c`"),
        (
            "a => match { A(ref n) => b, m => c }",
            "`ref` borrows from an event that is gone when `n` arrives: a branch takes what it binds by value",
        ),
        ("a -> match { n => b }", "`->` stays in one task, and the branches of a `match` leave it; use `=>`"),
        (
            "match { n => b }",
            "`match` reads the events of a stage, so it cannot begin a path: `events => match { .. }`",
        ),
        (
            "[a, b] => match { n => c }",
            "several paths lead into `match`: put a stage before it, `[a, b] => |e| e => match { .. }`",
        ),
        (
            "a => [b, match { n => c }]",
            "`match` takes all that a stage emits, so it cannot be one of several: \
             put a stage before it, `[a, |e| e => match { .. }]`",
        ),
        ("let m = match { n => c }; a => b", "a match has no name: write the match where `m` is used"),
        ("a => match { n => s => t, m => s.name(\"s\") => t.name(\"t\") } => u => u", TWICE),
        ("a => b; independent; c => d", "`independent;` is said of the whole: write it first"),
        ("independent; a => b", "`independent` says that there are several graphs, and this is one: remove it"),
        ("crate = ; a => b", "expected the path of stagekit: `crate = my::stagekit;`"),
        ("let = a; a => b", "expected a name: `let name = stage;`"),
        ("let s a => b; c => d", "expected a stage: `let s = stage;`"),
        ("let s = a => b; s => c", "expected `;`: `let s = stage;` names one stage"),
        ("let s = _; a => b", "expected a stage: `let s = stage;`"),
        ("let s = [a, b]; s => c", "a list has no name: write the list where `s` is used"),
        ("let s = save; a => s(1)", "`s` is bound with `let`: its arguments belong there"),
        ("let s = parse; a => s else b => c", "`s` is one stage: write its `else` in the `let`"),
        (
            "|e| e => a",
            "a closure needs an upstream stage: begin the path with a producer, or with `{ from_iter(..) }`",
        ),
        ("_ => a", "`_` discards events, so it cannot begin a path"),
        ("a => _ => b", "`_` discards the events, so nothing can follow it"),
        ("a => .. => b", "`..` marks an open end: it can only stand first or last in a path"),
        ("a => [b, _]", "`_` discards all that a stage emits, so it cannot be one of several: leave it out"),
        ("any [a, b] => c", "`any` shares out the events of a stage, so it cannot begin a path"),
        ("a -> b.workers(2)", "`->` runs both stages in one task, so `b` cannot have its own workers; use `=>`"),
        ("a -> [b, c]", "`->` stays in one task and cannot lead into a list; use `=>`"),
        ("[a, b] -> c", "`->` stays in one task, but several paths meet here; use `=>`"),
        ("a => b.workers(0)", "`workers` of `b` must be at least 1, got 0"),
        ("a => b.max_demand(0)", "`max_demand` of `b` must be at least 1, got 0"),
        ("a.buffer(0, Overflow::Fail) => b", "`buffer` of `a` must hold at least 1 event, got 0"),
        (
            "a => b.min_demand(20).max_demand(20)",
            "`min_demand` of `b` must be lower than its `max_demand`, got 20 and 20",
        ),
        ("let s = b; a => s.max_demand(0)", "`max_demand` of `s` must be at least 1, got 0"),
        ("a => map |e| e + 1 => b", "a bare closure maps: `|event| ..`"),
        ("a => for_each move |e| drop(e)", "a bare closure at the end of a path takes each event: `|event| ..`"),
        ("a => filter_map |e| e.ok() => b", "`flat_map |event| ..` takes an `Option` too"),
        (
            "a => filter(|e| *e > 1).name(\"b\") => c",
            "the closure stands behind the word: `filter |event| ..` (a stage of your own: `self::filter(..)`)",
        ),
        ("a -> map(|e| e) -> c", "a bare closure maps: `|event| ..` (a stage of your own: `self::map(..)`)"),
        ("a => b.max_demand(1_048_577)", "`max_demand` of `b` must be at most 1048576, got 1048577"),
        ("a => b.concurrency(0usize)", "`concurrency` of `b` must be at least 1, got 0"),
        ("a => (|e| e).workers(0) => b", "`workers` of the closure must be at least 1, got 0"),
        ("a => { b() }.batch(0x0, every) => c", "`batch` of this stage must hold at least 1 event, got 0"),
        (
            "a => b.batch(50, every).max_demand(20)",
            "a batch of 50 can never fill: `max_demand` of `b` is 20, let it be 50 or more",
        ),
        (
            "a.max_demand(5).min_demand(9) => b",
            "`max_demand` belongs to the stages that `a` feeds: it begins the path, and a producer asks nobody",
        ),
        (
            "let n = a.min_demand(n); n => b; n => c",
            "`min_demand` belongs to the stages that `n` feeds: it begins the path, and a producer asks nobody",
        ),
        ("{ a }.batch(5, every) => b", "`batch` belongs to a stage that takes events: this stage begins the path"),
        (
            "[a.restart(r), b] => c",
            "`a` begins the path, and a producer cannot begin again: its events would come twice",
        ),
        (
            "a.workers(2) => b",
            "`workers` belongs to a stage that takes events: `a` begins the path, and each worker would give all its events",
        ),
        ("a => b.buffer(0, policy)", "`buffer` belongs to a producer: `b` takes events, and waits for demand"),
        (
            "let t = b.poll_every(d); a => t; t => c",
            "`poll_every` belongs to a producer that takes a `Demand`: `t` takes events",
        ),
        (
            "let s = b; a => s.workers(2)",
            "`workers` belongs in the `let` of `s`: an edge has `max_demand` and `min_demand`",
        ),
        ("let s = b; a => c", "stage `s` is declared but never connected: lead an edge to it, `=> s`, or remove it"),
        (
            "a => b; c => d",
            "two unconnected graphs: nothing links `c` to `a`; use two `pipeline!`s, connect them, or begin with `independent;`",
        ),
        ("let s = b; s => s", "this graph has no producer: every stage has an upstream, so no event can ever enter it"),
        (
            "let s = b; let t = c; a => s => t => [s, d]",
            "these edges form a cycle: `s => t => s`; a bounded graph would deadlock: mark the closing edge: `=> feedback(n) s`",
        ),
        (
            "let p = b else p; a => p => c",
            "the errors of `p` lead back to `p`, which would wait for itself: `else feedback(n) p` lets up to n of them wait",
        ),
        ("let s = b; a => s => [feedback(0) s, c]", "`feedback` to `s` must hold at least 1 event, got 0"),
        (
            "let s = b; a => s => [feedback s, c]",
            "`feedback` needs the number of events that may go round: `feedback(64) s`",
        ),
        (
            "let s = b; a => s => feedback(4)",
            "`feedback` needs the name of the stage that the loop leads back to: `=> feedback(64) name`",
        ),
        (
            "let s = b; a => s => feedback(4) [s, c]",
            "`feedback` leads back to one stage: write it inside the list, `[feedback(64) a, b]`",
        ),
        (
            "let s = b; a => s => feedback(4) |e| e",
            "`feedback` leads back to a stage that is bound with `let`: write its name",
        ),
        (
            "let s = b; a => s -> feedback(4) s",
            "`->` stays in one task, and what goes back along a loop has to wait its turn: use `=>`",
        ),
        (
            "let s = b; a => s => feedback(4) s => c",
            "`feedback` leads back to `s`: what comes of it there goes on behind `s`",
        ),
        (
            "let s = b; a => s => [feedback(4, wait) s, c]",
            "a loop cannot wait for itself: `fail`, `drop_oldest` or `drop_newest`",
        ),
        (
            "let s = b; a => s => [feedback(4) s.workers(2), c]",
            "`workers` belongs in the `let` of `s`: an edge has `max_demand` and `min_demand`",
        ),
        ("let s = b; a => s => [feedback(4) s(1), c]", "`s` is bound with `let`: its arguments belong there"),
        ("let s = b; a => s => [feedback(4) s else d, c]", "`s` is one stage: write its `else` in the `let`"),
        ("a => s => feedback(4) s", "`feedback` leads back to one instance of `s`: bind it, `let s = s;`"),
        (
            "let s = b; a => s; feedback(4) s",
            "`feedback` closes a loop, so it cannot begin a path: `last => feedback(64) s`",
        ),
        (
            "let s = b; a => [s, c => feedback(4) s]",
            "`feedback` closes a loop, but nothing leads from `s` back to `c`: write `=> s`",
        ),
        (
            "let s = b; let t = c; a => s => t => s; t => d",
            "these edges form a cycle: `s => t => s`; a bounded graph would deadlock: mark the closing edge: `=> feedback(n) s`",
        ),
        (
            "let s = b; let t = c; a => t; t => feedback(4) s; s => t; t => d",
            "nothing but `feedback` leads into `s`: mark the edge that leads back to where events enter the loop, `=> feedback(n) t`",
        ),
        (
            "let s = b; let t = c; a => t; s => feedback(4) s; s => t",
            "nothing but its own loop leads into `s`: no event can ever enter it",
        ),
        (
            "let s = b.batch(9, every); a => s => [feedback(4) s, c]",
            "a batch of 9 can never fill: `s` stands in the loop of `feedback(4) s`, let it be 9 or more",
        ),
        (
            "let s = b.workers(2); a => by |e| e [s]; s => [feedback(4) s, c]",
            "`s` has a worker for each key, but what `feedback` brings back goes to any of them: lead both into a stage \
             before it, `let again = |e| e; .. => again => by |e| .. [s]; .. => feedback(n) again`",
        ),
        (
            "let s = b.workers(n); a => by |e| e [s]; c => s",
            "`s` has a worker for each key of `a`, but what `c` brings goes to any of them: lead both through one `by`, \
             `[a, c] => by |e| .. [s]`",
        ),
        (
            "let s = b.workers(2); a => by |e| e [s]; c => by |e| e [s, d]",
            "`s` is behind two `by` lists of different legs, so one key comes to two of its workers: lead both into one \
             list, `[a, c] => by |e| .. [s, ..]`",
        ),
        (
            "let p = b; a => [p, p]",
            "two edges lead from `a` to `p`: remove one, or bind a second instance with a `let` of its own",
        ),
        (
            "let p = b; a => any [p.max_demand(5), c, p]",
            "two edges lead from `a` to `p`: remove one, or bind a second instance with a `let` of its own",
        ),
        (
            // Once, and of the smallest in the ring, which another loop than its own may have.
            "let s = b.batch(30, every); let t = c; a => t => any [feedback(4) t, s]; s => any [feedback(20) t, d]",
            "a batch of 30 can never fill: `s` stands in the loop of `feedback(4) t`, let it be 30 or more",
        ),
        (
            "let s = b.workers(2); a => match { A(n) => by |e| e [s], B(m) => s }",
            "`s` has a worker for each key of `A(n)`, but what `B(m)` brings goes to any of them: lead both into a stage \
             before it, `let both = |e| e; .. => both; .. => both => by |e| .. [s]`",
        ),
        (
            "let s = b.workers(2); a => c else by |e| e [s, d] => by |e| e [s, f]",
            "`s` is behind two `by` lists of different legs, so one key comes to two of its workers: lead both into a \
             stage before it, `let both = |e| e; .. => both; .. => both => by |e| .. [s, ..]`",
        ),
        (
            "let s = b.batch(50, every); a => s.max_demand(20); c => s.max_demand(20)",
            "a batch of 50 can never fill: the edges into `s` bring 40 events at once, let it be 50 or more",
        ),
        (
            "let s = b.batch(50, every); a => s.max_demand(20)",
            "a batch of 50 can never fill: `max_demand` of this edge to `s` is 20, let it be 50 or more",
        ),
        (
            "a.buffer(usize::MAX, Overflow::Wait) => b",
            "`buffer` of `a` has no bound: what comes faster than it is handled would fill the memory; \
             write how many events may wait, `buffer(10_000, ..)`",
        ),
        (
            "let s = b; a => s => [feedback(usize::MAX) s, c]",
            "`feedback` to `s` has no bound: write how many events may go round, `feedback(64) s`",
        ),
        (
            "a => b => [c, b]",
            "`b` appears twice: bind it once (`let b = b;`) to share one instance, \
             or tell two instances apart (`b.name(\"..\")`)",
        ),
        (
            "a => [b, any [c, d]]",
            "`a` shares its events out here, so no other edge can lead out of it: \
             put a stage in between, `[|e| e => any [a, b], c]`",
        ),
    ] {
        refused(text, mistake);
    }
}

const NO_TARGET: &str = "expected a stage for this branch: `pattern => stage`, or `pattern => _` to discard the events";
const TWICE: &str = "`u` appears twice: bind it once (`let u = u;`) to share one instance, or tell two instances apart (`u.name(\"..\")`)";

#[test]
fn what_is_right_is_not_refused() {
    for text in [
        "a => b",
        "a(1) => [b => c, b.name(\"second\") => d]",
        "let t = a; t => b; t => c",
        "let s = b; s => c; a => s",
        "a => any [any [b, c], d]",
        "a => [[b, c], d];",
        ".. => a => ..",
        ".. -> a -> _",
        "a => b.max_demand(limit).min_demand(0)",
        "a => b.max_demand(0 + n).min_demand(3000).workers(n)",
        "let s = b.max_demand(5).workers(2); a => s; s => c",
        "let n = a.buffer(5, policy).poll_every(d); n => b.max_demand(1_048_576).min_demand(4)",
        ".. => a.max_demand(5).batch(5, every) => ..",
        "a else b.max_demand(5) => c",
        "map => filter(3) => then(a, |e| e) => self::map(|e| e) => for_each",
        "[a => b, c] => d",
        "a -> b else c -> d else [e, f] => any [g, h.workers(2)]",
        "crate::a => self::b::<u8>(3) => super::c",
        "a => { from() }.name(\"x\") => (|e| e).workers(2) => b",
        "a => match { A(n) => b, B { n, .. } if n > 1 => |e| e -> c, C | D(_) => _, other => match { n => .. } }",
        "a => match { A(n) => b, m => [c, d] => e } => f",
        "let s = b; a => match { A(n) => s, n @ 1..=9 => any [c, d], m => by |m| m [e.workers(2), f] } => z",
        "a else match { E::Io(e) => b, other => _ } => c else any [d, e] => f else by |e| e [g, h]",
        "independent; a => b; c => d => e;",
        "crate = my::kit; independent; a => independent; c => d",
        "crate = crate::kit; crate::a => b",
        "let p = b else feedback(4) p; a => p => c",
        "let p = b else [c => feedback(n, policy()) p.max_demand(5)]; a => p => d",
        "let s = b; a => s => any [feedback(64, drop_oldest) s, c]",
        "a => (|e| -> u64 { e }) => { let f = |x: u64| -> u64 { x }; made(f) } => b",
        "a => |n| if n { 1 } else { 2 } => |n| match n { 0 => 1, n => n } => b",
        "a => feedback => any(1, x) => all(&y, z) => by(|e| e) => any(f(1)) => catch => otherwise => feedback(n, 3)",
        "a => { |x| x; made() } => { filter || made() } => { (|x| x)(1) } => { || 1 } => b",
        "let p = a else |e| if e { 1 } else { 2 }; s => p => b",
        "a => |e| { e }.name(\"x\") => |e| spawn(async move { e.await }) => |e| own!(e.await) => b",
        "a => |e| match e { Ok(n) => { n } Err(_) => 0 }.min(4) => (|e| { e }).workers(2) => b",
        "let s = b.workers(2); [a, c] => by |e| e [s, d]",
        "let s = b.batch(50, every); a => s.max_demand(20); c => s; d => s.max_demand(40)",
        "let s = b; let t = c; a => s => t => [feedback(4) s, feedback(4, drop_newest) t, d]",
        "a => feedback => b(feedback(3)) => feedback(n)",
    ] {
        assert_eq!(mistakes(text), [""; 0], "{text}");
    }
}

#[test]
fn half_typed_input_expands() {
    let whole = "let s = save(pool).workers(4); [a(0..3), { b }.name(\"x\")] -> parse else |e: &E| drop(e) => \
                 by move |e| e.id[0] [c.max_demand(2), filter |e| e > 1 => s] => any [d, all [e -> f, _]]; .. => s; s => ..; \
                 s else feedback(n, drop_oldest) s.max_demand(2) else t => any [feedback s, feedback(8) [s], feedback(64)]";
    let whole: Vec<TokenTree> = tokens(whole).into_iter().collect();
    // Every beginning, and everything with one token left out: no panic, and always one block.
    for end in 0..whole.len() {
        one_block(whole[..end].iter().cloned().collect());
        one_block(whole[..end].iter().chain(&whole[end + 1..]).cloned().collect());
    }
}

#[test]
fn half_typed_branches_expand() {
    let whole = "crate = my::kit; independent; a(0..3) => match { Event::A(x @ B { y, .. }) if x.z(1) > 2 => c -> |d| d + 1, \
                 E | F => match { n => [g, h] }, Some(_) => _, other => .. } => i; j else match { k => l } => m";
    let whole: Vec<TokenTree> = tokens(whole).into_iter().collect();
    for end in 0..whole.len() {
        one_block(whole[..end].iter().cloned().collect());
        one_block(whole[..end].iter().chain(&whole[end + 1..]).cloned().collect());
    }
    // And inside of the braces.
    let branches =
        "A(x) if x > 1 => b => |c| c, D { e, .. } | F(e) => match { g => _ }, h @ 1..=2 => [i, j], other => ..";
    let branches: Vec<TokenTree> = tokens(branches).into_iter().collect();
    for end in 0..branches.len() {
        for inner in [&branches[..end], &[&branches[..end], &branches[end + 1..]].concat()] {
            let inner = inner.iter().cloned().collect::<TokenStream>();
            one_block(quote::quote!(a => match { #inner } => z));
        }
    }
}

#[test]
fn a_crate_of_another_name_is_named_everywhere() {
    let graph = "let s = a(1); b => [c -> |d| d, s]; e => match { f => g, _ => _ } else _ => by |h| h [i, j]; s => ..";
    let all = super::expand(tokens(&format!("crate = my::kit; independent; {graph}"))).to_string();
    assert!(all.contains("my :: kit :: __private") && !all.contains(":: stagekit"), "{all}");
}

#[test]
fn a_fragment_is_one_expression() {
    let group = |text: &str| TokenTree::Group(proc_macro2::Group::new(Delimiter::None, tokens(text)));
    for (fragment, one) in
        [("1 + 2", "(1 + 2)"), ("f(1)", "f(1)"), ("a::b", "a::b"), ("|n| n", "(|n| n)"), ("&T", "&T"), ("&v", "(&v)")]
    {
        let fragment = group(fragment);
        let resolved = super::fragments::resolved(quote::quote!({ n * #fragment }));
        assert_eq!(resolved.to_string(), tokens(&format!("{{ n * {one} }}")).to_string());
    }
}

#[track_caller]
fn one_block(input: TokenStream) {
    let text = input.to_string();
    let output: Vec<TokenTree> = super::expand(input).into_iter().collect();
    assert!(matches!(&output[..], [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace), "{text}");
    // Everything the macro adds is well formed as long as the user's own expressions are.
    drop(text);
}

#[test]
fn snapshots() {
    for (name, text) in [
        ("chain", "counter(0..9) => double.max_demand(20) -> |n| n + 1 => save(db)"),
        ("broadcast", "posts => [page, |p: &Post| p.title.clone() => index]"),
        ("shared_work", "[left, right] => any [slow.workers(4), fast]"),
        ("partition", "orders => by |o| o.customer [ship.workers(4)]"),
        ("errors", "raw -> parse else quarantine => store else _"),
        ("result", "let totals = tally(t); let seen = count; posts => [store, totals.max_demand(5)]; totals => seen"),
        ("diamond", "let sum = add; numbers => [double => sum, square => sum]; sum => _"),
        (
            "feedback",
            "let parse = parse else fix; let fix = fix; a => parse => [feedback(8, drop_oldest) parse.max_demand(3), b]; fix => feedback(64) parse",
        ),
        ("segment", ".. => clean -> check else log => .."),
        (
            "branches",
            "events => match { Event::Order(o) => orders, Event::Log { text, .. } if text.len() > n => shout -> log, Event::Ping => _ }",
        ),
        ("branching_errors", "raw => parse else match { Wrong::Io(e) => quarantine, other => |e| drop(e) } => store"),
        ("crate", "crate = my::kit; a => |n| n + 1 => b"),
        ("half_typed", "counter(0..3) => => save => print.workers(2)"),
    ] {
        let written = format!("pipeline! {{ {text} }}\n\n{}", snapshot::flat(super::expand(tokens(text))));
        snapshot::compare(&format!("pipeline/snapshots/{name}.txt"), &written);
    }
}

/// What the text says of a graph, as a tree.
fn drawn(text: &str) -> String {
    crate::picture::tree(&super::draw::picture(&graph(text)))
}

#[test]
fn a_picture_shows_what_is_written() {
    assert_eq!(
        drawn(
            "let sum = add; a.workers(n) => f(x) else sum -> |e| e + 1 => by |e| e.id % 8 [b => _, sum.max_demand(5)]"
        ),
        "a.workers(n)\n=> f\n   else => sum = add\n-> map |e| e + 1\n=> by e.id % 8\n   ├ b\n   │ => _\n   └ sum.max_demand(5) (above)"
    );
    assert_eq!(drawn(".. => any [a, |e| p(&e)]"), "..\n=> any\n   ├ a\n   └ each |e| p(&e)");
    assert_eq!(drawn("{ live::from_iter(0..9) } => b.name(\"c\")"), "live::from_iter(0..9)\n=> c");
    assert_eq!(
        drawn("a -> b else c => match { P::X(x) if f(x) => f => _, P::Y(y) => by |y| y.id [g, h], _ => _ }"),
        "a\n-> b\n   else => c\n=> match\n   ├ P::X(x) if f(x) => f\n   │ => _\n   ├ P::Y(y) by y.id => g\n   ├ P::Y(y) by y.id => h\n   └ _ => _"
    );
    assert_eq!(
        drawn("a => match { 0 => _, n if f(n) => b, 7 => _, n => c }"),
        "a\n=> match\n   ├ 0 => _\n   ├ n if f(n) => b\n   ├ 7 => _\n   └ n => c"
    );
    // Half a line is drawn as far as it goes.
    let mut unsaid = Diagnostics::default();
    let half = Graph::new(super::parse::parse(tokens("a => => b"), &mut unsaid), &mut unsaid);
    assert_eq!(crate::picture::tree(&super::draw::picture(&half)), "a\nb");
}

/// What the compiler refuses is drawn once, and to its end.
#[test]
fn a_circle_of_fused_stages_has_a_picture() {
    assert_eq!(drawn("let b = f; b -> c -> b"), "b = f\n-> c\n-> b (above)");
    let item = tokens("fn f() { pipeline! { a => b -> c -> b; let b = g; } }");
    let text = super::document(TokenStream::new(), item).to_string();
    assert_eq!(text.matches(">c</text>").count(), 1, "{text}");
}

#[test]
fn a_drawing_has_what_the_compiler_forgets() {
    let expansion = snapshot_of("let sum = add; a => |e| e + 1 -> f => by |e| e.id [sum, g else sum]");
    let drawing = expansion.lines().find(|line| line.contains("let __drawing")).expect("a drawing");
    for part in [
        "file: ::core::file!()",
        r#"&[Spot { line: 0u32, column: 0u32, text: "", bound: "sum" }]"#,
        r#"text: "|e| e + 1", bound: """#,
        r#"Called { stage: 2usize, part: 1usize, errors: false, to: 0usize, text: "e.id" }"#,
        r#"Called { stage: 2usize, part: 1usize, errors: false, to: 3usize, text: "e.id" }"#,
    ] {
        assert!(drawing.contains(part), "{part}\n{drawing}");
    }
}

fn snapshot_of(text: &str) -> String {
    crate::pretty::quiet(super::expand(tokens(text)), false)
}

#[test]
fn a_picture_goes_behind_the_documentation() {
    let documented = |item: &str| super::document(TokenStream::new(), tokens(item)).to_string();
    let text = documented("/// Runs.\n#[inline] pub fn run() { let p = pipeline! { a => b<C> }; drop(p) }");
    let (own, picture) = text.split_once("cfg_attr (doc , doc = \"\" , doc = ").expect("a picture");
    assert!(own.contains("Runs.") && own.contains("inline"), "{own}");
    assert!(
        picture.contains("# Pipeline\\n") && picture.contains("<svg ") && picture.contains(">a</text>"),
        "{picture}"
    );
    assert!(picture.contains("pub fn run ()"), "the item follows: {picture}");
    assert!(documented("fn two() { stagekit::pipeline!(a => b); pipeline![c => d] }").contains("# Pipelines"));
    // `pipeline!` says itself what is wrong with it.
    assert!(!documented("fn f() { pipeline! { a => => } }").contains("compile_error"));
    let none = documented("/// pipeline! { a => b }\nfn f() {}");
    assert!(none.contains("there is no `pipeline!` in this item") && none.contains("fn f ()"), "{none}");
    let option = super::document(tokens("large"), tokens("fn f() { pipeline! { a => b } }")).to_string();
    assert!(option.contains("has no options"), "{option}");
}

/// The README shows the pipeline of the example `news` as its text has it.
#[test]
fn the_picture_in_the_readme_is_the_one_of_the_news() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Where this crate was unpacked by itself there is neither.
    let Ok(program) = std::fs::read_to_string(root.join("examples/news/main.rs")) else { return };
    let mut found = Vec::new();
    super::doc::pipelines(tokens(&program), &mut found);
    let graph = graph(&found.pop().expect("the news have a pipeline").to_string());
    let svg = crate::picture::svg(&super::draw::picture(&graph), crate::picture::Ground::File);
    snapshot::compare("../../docs/news.svg", &svg);
}

#[test]
fn a_node_by_itself_is_what_it_is_in_a_graph() {
    let written = |text: &str| snapshot::flat(super::single(tokens(text))).trim_end().to_owned();
    assert_eq!(written("double"), "<double>::__stage()");
    assert_eq!(written("own::parse::<u64>.workers(4)"), "<own::parse::<u64>>::__stage().workers(4)");
    for wrong in ["a => b", "a else b", "|e| e", "_", "..", "", "a b", "a.", "[a, b]", "a("] {
        let Ok(tokens) = wrong.parse::<TokenStream>() else { continue };
        assert!(super::single(tokens).to_string().contains("compile_error"), "{wrong}");
    }
}
