//! What the text says of the options: literals that cannot work, and options that the stage's place gives no meaning.
//!
//! The runtime says the same when the pipeline starts (its `options.rs`), of values that only it knows.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::LitInt;

use super::ast::{Opt, Stage};
use super::graph::Graph;
use crate::diagnostic::Diagnostics;

/// The runtime's highest `max_demand`.
const MOST_DEMAND: u128 = 1 << 20;

/// The options that a stage which begins a path cannot have.
const OF_WHAT_TAKES: [&str; 5] = ["max_demand", "min_demand", "batch", "restart", "workers"];

/// The options that only a stage which begins a path can have.
const OF_A_PRODUCER: [&str; 2] = ["buffer", "poll_every"];

/// Reports what cannot work, and takes misplaced options away: the compiler would tell of some of them again.
pub(crate) fn check(graph: &mut Graph, understood: bool, wrong: &mut [bool], errors: &mut Diagnostics) {
    for vertex in 0..graph.vertices.len() {
        misplaced(graph, vertex, understood, wrong, errors);
    }
    let graph = &*graph;
    for (vertex, of) in graph.vertices.iter().enumerate() {
        if let Some(node) = &of.node {
            literals(&node.options, &whose(graph, vertex), errors);
        }
    }
    // The edges of one list are one use of the name.
    let mut seen = HashSet::new();
    for edge in graph.edges.iter().filter(|edge| seen.insert((edge.to, format!("{:?}", edge.at)))) {
        literals(&edge.options, &whose(graph, edge.to), errors);
    }
}

/// How a message names the stage.
fn whose(graph: &Graph, vertex: usize) -> String {
    match (&graph.vertices[vertex].bound, graph.stage(vertex)) {
        (None, Some(Stage::Closure(_))) => "the closure".into(),
        (None, Some(Stage::Value(_))) => "this stage".into(),
        _ => format!("`{}`", graph.label(vertex)),
    }
}

fn misplaced(graph: &mut Graph, vertex: usize, understood: bool, wrong: &mut [bool], errors: &mut Diagnostics) {
    let fed = graph.edges_into(vertex).next().is_some();
    let begins = understood && !wrong[vertex] && !fed && graph.is_stage(vertex);
    let without: &[&str] = match (fed, begins) {
        (true, _) => &OF_A_PRODUCER,
        (_, true) => &OF_WHAT_TAKES,
        _ => return,
    };
    let me = whose(graph, vertex);
    let Some(node) = &mut graph.vertices[vertex].node else { return };
    let Some(first) = node.options.iter().find(|option| without.iter().any(|name| option.name == name)) else {
        return;
    };
    let option = first.name.to_string();
    let text = match option.as_str() {
        "buffer" => format!("`buffer` belongs to a producer: {me} takes events, and waits for demand"),
        "poll_every" => format!("`poll_every` belongs to a producer that takes a `Demand`: {me} takes events"),
        "batch" => format!("`batch` belongs to a stage that takes events: {me} begins the path"),
        "restart" => format!("{me} begins the path, and a producer cannot begin again: its events would come twice"),
        "workers" => {
            format!(
                "`workers` belongs to a stage that takes events: {me} begins the path, and each worker would give all its events"
            )
        }
        _ => {
            format!("`{option}` belongs to the stages that {me} feeds: it begins the path, and a producer asks nobody")
        }
    };
    errors.error(first.name.span(), text);
    node.options.retain(|option| without.iter().all(|name| option.name != name));
    // It may be meant to stand behind a producer that is missing: what it is connected to is no second mistake.
    wrong[vertex] |= begins;
}

/// An argument that is an integer literal, of the last option of this name: it is the one that holds.
pub(crate) fn literal(options: &[Opt], name: &str) -> Option<(LitInt, u128)> {
    number(options.iter().rfind(|option| option.name == name)?)
}

/// Where a first argument is `usize::MAX`: its first and last token.
pub(crate) fn boundless(args: TokenStream) -> Option<(Span, Span)> {
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let first: Vec<TokenTree> = args.into_iter().take_while(|token| !is_comma(token)).collect();
    let text: String = first.iter().map(ToString::to_string).collect();
    text.ends_with("usize::MAX").then_some((first.first()?.span(), first.last()?.span()))
}

fn number(option: &Opt) -> Option<(LitInt, u128)> {
    let mut tokens = option.args.as_ref()?.stream().into_iter();
    let first: TokenStream = tokens.by_ref().take(1).collect();
    let literal: LitInt = syn::parse2(first).ok()?;
    let value = literal.base10_parse().ok()?;
    tokens.next().is_none_or(|token| token.to_string() == ",").then_some((literal, value))
}

fn literals(options: &[Opt], of: &str, errors: &mut Diagnostics) {
    for option in options {
        let name = option.name.to_string();
        if name == "buffer"
            && let Some((first, last)) = option.args.as_ref().and_then(|args| boundless(args.stream()))
        {
            let text = format!(
                "`buffer` of {of} has no bound: what comes faster than it is handled would fill the memory; \
                 write how many events may wait, `buffer(10_000, ..)`"
            );
            errors.between(first, last, text);
        }
        let Some((literal, value)) = number(option) else { continue };
        let text = match (name.as_str(), value) {
            ("max_demand" | "workers" | "concurrency", 0) => format!("`{name}` of {of} must be at least 1, got 0"),
            ("batch" | "buffer", 0) => format!("`{name}` of {of} must hold at least 1 event, got 0"),
            ("max_demand", value) if value > MOST_DEMAND => {
                format!("`max_demand` of {of} must be at most {MOST_DEMAND}, got {value}")
            }
            _ => continue,
        };
        errors.error(literal.span(), text);
    }
    let Some((_, max)) = literal(options, "max_demand").filter(|(_, max)| (1..=MOST_DEMAND).contains(max)) else {
        return;
    };
    if let Some((literal, min)) = literal(options, "min_demand").filter(|(_, min)| *min >= max) {
        let text = format!("`min_demand` of {of} must be lower than its `max_demand`, got {min} and {max}");
        errors.error(literal.span(), text);
    }
    if let Some((literal, size)) = literal(options, "batch").filter(|(_, size)| *size > max) {
        let text = format!("a batch of {size} can never fill: `max_demand` of {of} is {max}, let it be {size} or more");
        errors.error(literal.span(), text);
    }
}
