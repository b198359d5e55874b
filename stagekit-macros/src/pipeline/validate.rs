//! What is wrong with a graph as a whole. Types are rustc's business: here is only what the text says.

use std::collections::{HashMap, HashSet};

use quote::ToTokens;

use super::ast::{Kind, Stage};
use super::graph::{End, Graph};
use super::{loops, options, whole};
use crate::diagnostic::Diagnostics;

/// rustc's depth limit is reached by runs of about 20 stages.
const LONGEST_RUN: usize = 16;

/// Reports what is wrong. Returns which vertices cannot be connected to anything.
///
/// A text that was not understood is no longer checked as a whole: what is missing may stand where the mistake is.
pub(crate) fn validate(graph: &mut Graph, errors: &mut Diagnostics) -> Vec<bool> {
    let understood = errors.is_empty() && graph.doubles.is_empty();
    let unused = |(index, vertex): (usize, &super::graph::Vertex)| vertex.node.is_none() || !connects(graph, index);
    let mut wrong: Vec<bool> = graph.vertices.iter().enumerate().map(unused).collect();
    options::check(graph, understood, &mut wrong, errors);
    closures(graph, &mut wrong, errors);
    fused(graph, errors);
    ends(graph, errors);
    if understood {
        alone(graph, errors);
        hidden(graph, errors);
        twice(graph, errors);
    }
    let unconnected = !errors.is_empty();
    for vertex in cycle(graph, understood, errors) {
        wrong[vertex] = true;
    }
    if understood && !unconnected {
        connected(graph, errors);
        loops::check(graph, errors).into_iter().for_each(|vertex| wrong[vertex] = true);
        whole::check(graph, errors);
    }
    spread(graph, &mut wrong);
    wrong
}

/// A stage that nothing but mistakes leads into takes no part either.
fn spread(graph: &Graph, wrong: &mut [bool]) {
    loop {
        let next = (0..wrong.len()).find(|&vertex| {
            !wrong[vertex]
                && graph.edges_into(vertex).next().is_some()
                && graph.edges_into(vertex).all(|edge| wrong[edge.from.vertex])
        });
        match next {
            Some(vertex) => wrong[vertex] = true,
            None => return,
        }
    }
}

fn closures(graph: &Graph, wrong: &mut [bool], errors: &mut Diagnostics) {
    for (index, vertex) in graph.vertices.iter().enumerate() {
        let Some(Stage::Closure(closure)) = vertex.node.as_ref().map(|node| &node.stage) else { continue };
        if let (Some(span), true) = (vertex.caught, closure.kind != Kind::TryMap) {
            let text = match closure.kind {
                Kind::Map => {
                    "a bare closure cannot fail: a `Result` that it returns is its event. \
                              `try_map |event| ..` returns a `Result`, whose `Err` goes to its `else`"
                }
                _ => {
                    "`else` needs a stage that can fail, and of closures only `try_map |event| ..` can: \
                      it returns a `Result`"
                }
            };
            errors.error(span, text);
            wrong[index] = true;
            continue;
        }
        let word = match closure.kind {
            Kind::Map => continue,
            Kind::Filter => "filter",
            Kind::FlatMap => "flat_map",
            Kind::TryMap => "try_map",
            Kind::Inspect => "inspect",
        };
        if matches!(closure.kind, Kind::FlatMap | Kind::TryMap) && closure.parameter.borrowed {
            errors.error(closure.span, format!("`{word}` takes its events by value: remove the `&`"));
            wrong[index] = true;
        }
        if closure.kind != Kind::TryMap && graph.is_last(index) && graph.edges_into(index).next().is_some() {
            let text = format!("`{word}` emits events, so it cannot end a path: write `=> _` to discard them");
            errors.error(closure.span, text);
            wrong[index] = true;
        }
    }
}

/// Where `->` cannot lead. The edge is then taken for a `=>`.
fn fused(graph: &mut Graph, errors: &mut Diagnostics) {
    let mut depth = vec![0; graph.vertices.len()];
    let mut reported = HashSet::new();
    for index in 0..graph.edges.len() {
        let edge = &graph.edges[index];
        if !edge.arrow.fused {
            continue;
        }
        let (from, to, arrow) = (edge.from.vertex, edge.to, edge.arrow);
        if !(graph.is_stage(from) && graph.is_stage(to)) {
            graph.edges[index].arrow.fused = false;
            continue;
        }
        let has = |vertex: usize, option| {
            graph.vertices[vertex].node.as_ref().is_some_and(|node| node.option(option).is_some())
        };
        let bound = [to, from].into_iter().find(|&vertex| graph.vertices[vertex].bound.is_some());
        let (source, target) = (graph.label(from), graph.label(to));
        let both = "`->` runs both stages in one task";
        let text = if let Some(vertex) = bound {
            format!(
                "`->` stays in one task, but `{}` is bound with `let` and has its own; use `=>`",
                graph.label(vertex)
            )
        } else if has(to, "workers") {
            format!("{both}, so `{target}` cannot have its own workers; use `=>`")
        } else if has(to, "concurrency") {
            format!("{both}, so `{target}` cannot have several calls in flight; use `=>`")
        } else if has(to, "batch") {
            format!("{both}, so `{target}` cannot collect batches; use `=>`")
        } else if has(from, "workers") {
            format!("{both}, but `{source}` has its own workers; use `=>`")
        } else if graph.is_shared(to) || graph.is_shared(from) {
            "`->` stays in one task, but several paths meet here; use `=>`".into()
        } else if depth[from] >= LONGEST_RUN {
            format!("more than {LONGEST_RUN} `->` in a row: put a `=>` in between")
        } else {
            depth[to] = depth[from] + 1;
            continue;
        };
        if reported.insert(to) {
            errors.between(arrow.start, arrow.end, text);
        }
        graph.edges[index].arrow.fused = false;
    }
}

/// Shared work, discards and open ends have their stage to themselves.
fn ends(graph: &Graph, errors: &mut Diagnostics) {
    for (index, split) in graph.splits.iter().enumerate() {
        let other = graph.edges_out_of(split.from).any(|edge| edge.split != Some(index));
        let earlier = graph.splits[..index].iter().any(|earlier| earlier.from == split.from);
        if other && !earlier {
            let name = graph.label(split.from.vertex);
            let text = format!(
                "`{name}` shares its events out here, so no other edge can lead out of it: \
                 put a stage in between, `[|e| e => any [a, b], c]`"
            );
            errors.error(split.span, text);
        }
    }
    let mut open = HashMap::new();
    for (index, vertex) in graph.vertices.iter().enumerate() {
        let Some(stage) = vertex.node.as_ref().map(|node| &node.stage) else { continue };
        let (Stage::Discard(span) | Stage::Open(span, _) | Stage::Match(span, _)) = stage else { continue };
        let siblings = graph.edges_into(index).any(|edge| graph.edges_out_of(edge.from).count() > 1);
        match stage {
            Stage::Discard(_) if siblings => {
                errors
                    .error(*span, "`_` discards all that a stage emits, so it cannot be one of several: leave it out");
            }
            Stage::Match(..) if siblings => {
                let text = "`match` takes all that a stage emits, so it cannot be one of several: \
                            put a stage before it, `[a, |e| e => match { .. }]`";
                errors.error(*span, text);
            }
            Stage::Open(..) if siblings => {
                errors.error(*span, "`..` cannot be one of several: put a stage before it, `[a, |e| e => ..]`");
            }
            Stage::Open(..) if graph.edges_into(index).count() > 1 => {
                errors.error(*span, "several paths lead into `..`: put a stage before it, `[a, b] => |e| e => ..`");
            }
            Stage::Open(..) => {
                let last = graph.edges_into(index).next().is_some();
                if open.insert(last, index).is_some() {
                    let where_ = if last { "last" } else { "first" };
                    errors.error(*span, format!("a graph has one open end at most where `..` stands {where_}"));
                }
            }
            _ => {}
        }
    }
}

fn alone(graph: &Graph, errors: &mut Diagnostics) {
    if graph.vertices.is_empty() {
        errors.error(proc_macro2::Span::call_site(), "empty pipeline: write at least `producer => consumer`");
    }
    for (index, vertex) in graph.vertices.iter().enumerate() {
        if connects(graph, index) {
            continue;
        }
        match &vertex.bound {
            Some(name) => errors.error(
                name.span(),
                format!(
                    "stage `{name}` is declared but never connected: lead an edge to it, `=> {name}`, or remove it"
                ),
            ),
            None => {
                let text =
                    format!("no edge leads from `{}`: write at least `producer => consumer`", graph.label(index));
                errors.error(graph.span(index), text);
            }
        }
    }
}

/// The state of a stage that is bound with `let` is a field beside those of the summary.
fn hidden(graph: &Graph, errors: &mut Diagnostics) {
    for (index, vertex) in graph.vertices.iter().enumerate() {
        let Some(name) = vertex.bound.as_ref().filter(|_| graph.is_shared(index)) else { continue };
        if name == "stages" || name == "elapsed" {
            let text = format!(
                "the summary has a field `{name}`, which the state of this stage would hide: name it otherwise"
            );
            errors.error(name.span(), text);
        }
    }
}

fn connects(graph: &Graph, vertex: usize) -> bool {
    let behind = |edge: &super::graph::Edge| edge.from == End { vertex, errors: false };
    graph.edges.iter().any(|edge| edge.to == vertex || behind(edge))
}

/// The same bare name twice: one instance, or two?
fn twice(graph: &Graph, errors: &mut Diagnostics) {
    let mut seen = HashSet::new();
    for vertex in graph.vertices.iter().filter(|vertex| vertex.bound.is_none()) {
        let Some(node) = &vertex.node else { continue };
        let Stage::Named(named) = &node.stage else { continue };
        let plain = named.args.as_ref().is_none_or(|args| args.stream().is_empty()) && node.option("name").is_none();
        if plain && !seen.insert(named.path.to_token_stream().to_string()) {
            let (name, initial) = (&named.name, named.name.to_string().chars().next().unwrap_or('s'));
            let text = format!(
                "`{name}` appears twice: bind it once (`let {initial} = {name};`) to share one instance, \
                 or tell two instances apart (`{name}.name(\"..\")`)"
            );
            errors.error(named.name.span(), text);
        }
    }
}

/// The vertices of the first cycle.
fn cycle(graph: &Graph, understood: bool, errors: &mut Diagnostics) -> Vec<usize> {
    // Vertices that can be put in order are taken away; what is left lies on a cycle or behind one.
    let mut left: Vec<usize> = (0..graph.vertices.len()).collect();
    loop {
        let before = left.len();
        let behind = left.clone();
        left.retain(|&vertex| graph.edges_into(vertex).any(|edge| behind.contains(&edge.from.vertex)));
        if left.len() == before {
            break;
        }
    }
    let Some(&start) = left.first() else { return Vec::new() };
    // Against the arrows until a vertex comes again.
    let mut way = vec![start];
    let mut edges = Vec::new();
    let first = loop {
        let here = way[way.len() - 1];
        let Some(edge) = graph.edges_into(here).find(|edge| left.contains(&edge.from.vertex)) else { return left };
        edges.push(edge);
        if let Some(first) = way.iter().position(|&vertex| vertex == edge.from.vertex) {
            break first;
        }
        way.push(edge.from.vertex);
    };
    let mut round = way.split_off(first);
    round.reverse();
    let edges = &edges[first..];
    // Told from the vertex that events enter by, and that has a name; of those, the first in the text.
    let outside = |edge: &super::graph::Edge| !round.contains(&edge.from.vertex);
    let rank = |at: &usize| {
        let vertex = &graph.vertices[round[*at]];
        (vertex.bound.is_none(), !graph.edges_into(round[*at]).any(outside), vertex.order)
    };
    let least = (0..round.len()).min_by_key(rank).unwrap_or(0);
    round.rotate_left(least);
    if understood || graph.vertices.iter().all(|vertex| vertex.node.is_some()) {
        let inward = |edge: &&&super::graph::Edge| edge.to == round[1 % round.len()] && edge.from.vertex == round[0];
        let last = round[round.len() - 1];
        let closing = |edge: &&&super::graph::Edge| edge.to == round[0] && edge.from.vertex == last;
        let producer =
            (0..graph.vertices.len()).any(|vertex| graph.is_stage(vertex) && graph.edges_into(vertex).next().is_none());
        if !producer && let Some(edge) = edges.iter().find(inward) {
            let text = "this graph has no producer: every stage has an upstream, so no event can ever enter it";
            errors.between(edge.arrow.start, edge.arrow.end, text);
        } else if let Some(edge) = edges.iter().find(closing) {
            errors.between(edge.arrow.start, edge.arrow.end, loops::unmarked(graph, &round, edge));
        }
    }
    left
}

/// Two graphs in one macro.
fn connected(graph: &Graph, errors: &mut Diagnostics) {
    let heads = graph.heads();
    let Some(&first) = heads.first() else { return };
    let mut reached = HashSet::from([first]);
    while let Some(edge) =
        graph.edges.iter().find(|edge| reached.contains(&edge.to) != reached.contains(&edge.from.vertex))
    {
        reached.extend([edge.to, edge.from.vertex]);
    }
    let other = heads.iter().find(|head| !reached.contains(head));
    match (other, graph.independent) {
        (Some(&other), None) => {
            let text = format!(
                "two unconnected graphs: nothing links `{}` to `{}`; use two `pipeline!`s, connect them, or begin with `independent;`",
                graph.label(other),
                graph.label(first)
            );
            errors.error(graph.span(other), text);
        }
        (None, Some(word)) => {
            errors.error(word, "`independent` says that there are several graphs, and this is one: remove it");
        }
        _ => {}
    }
}
