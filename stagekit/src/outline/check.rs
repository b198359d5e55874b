//! The list of what can be wrong with a graph as a whole: the macro's (`pipeline/{validate,options}.rs`), in its order.

use std::collections::HashSet;

use super::mistake::Mistake;
use super::text::{self, Unfused};
use super::{Edge, End, Graph, whole};
use crate::options::{Limits, MOST_DEMAND, Options};

/// The macro's longest run: rustc's depth limit is reached by runs of about 20 stages.
const LONGEST_RUN: usize = 16;

pub(super) fn mistakes(graph: &Graph) -> Vec<Mistake> {
    let mut found = Vec::new();
    options(graph, &mut found);
    fused(graph, &mut found);
    ends(graph, &mut found);
    alone(graph, &mut found);
    let unconnected = !found.is_empty();
    cycle(graph, &mut found);
    if !unconnected {
        connected(graph, &mut found);
        whole::check(graph, &mut found);
    }
    if found.is_empty() {
        // What the start would say, of each task by itself.
        let wrong = |vertex: &super::Vertex| {
            let (name, wrong) = vertex.wrong.as_ref()?;
            Some(Mistake::new(name, format!("stage `{name}`: {wrong}")))
        };
        found.extend(graph.vertices.iter().filter_map(wrong));
    }
    found
}

fn options(graph: &Graph, found: &mut Vec<Mistake>) {
    for (at, vertex) in graph.vertices.iter().enumerate() {
        let Some(options) = &vertex.options else { continue };
        let name = &*vertex.label;
        let limits = options.limits;
        let misplaced: &[(&str, bool)] = if vertex.begins {
            &[
                ("max_demand", limits.max.is_some()),
                ("min_demand", limits.min.is_some()),
                ("batch", options.batch.is_some()),
                ("restart", options.restart.is_some()),
                ("workers", options.workers != 1),
            ]
        } else {
            &[("buffer", options.buffer.is_some()), ("poll_every", !options.poll_every.is_zero())]
        };
        if let Some((option, _)) = misplaced.iter().find(|(_, is_set)| *is_set) {
            found.push(text::misplaced(name, option));
            continue;
        }
        values(name, options, found);
        for edge in graph.into(at) {
            if edge.limits != limits {
                demands(name, edge.limits, None, found);
            }
        }
    }
}

fn values(name: &str, options: &Options, found: &mut Vec<Mistake>) {
    for (option, value) in [("workers", options.workers), ("concurrency", options.concurrency)] {
        if value == 0 {
            found.push(text::at_least_one(name, option));
        }
    }
    let sizes =
        [("batch", options.batch.map(|(size, _)| size)), ("buffer", options.buffer.map(|(capacity, _)| capacity))];
    for (option, _) in sizes.iter().filter(|(_, size)| *size == Some(0)) {
        found.push(text::holds_nothing(name, option));
    }
    demands(name, options.limits, options.batch.map(|(size, _)| size), found);
}

fn demands(name: &str, limits: Limits, batch: Option<usize>, found: &mut Vec<Mistake>) {
    let wrong = match (limits.resolve(), limits.max, limits.min) {
        (_, Some(0), _) => text::at_least_one(name, "max_demand"),
        (Ok((max, _)), ..) => match batch {
            Some(size) if size > max && !limits.is_default() => text::batch_over_demand(name, size, max),
            _ => return,
        },
        (_, Some(max), _) if max > MOST_DEMAND => text::too_much_demand(name, MOST_DEMAND, max),
        (_, Some(max), Some(min)) => text::min_demand(name, min, max),
        // A `min_demand` alone goes with twice as much.
        (_, _, min) => text::too_much_demand(name, MOST_DEMAND, min.unwrap_or_default().saturating_mul(2)),
    };
    found.push(wrong);
}

fn fused(graph: &Graph, found: &mut Vec<Mistake>) {
    let mut depth = vec![0; graph.vertices.len()];
    for &Edge { from: End { vertex: from, .. }, to, .. } in graph.edges.iter().filter(|edge| edge.fused) {
        let (Some(source), Some(target)) = (&graph.vertices[from].options, &graph.vertices[to].options) else {
            continue;
        };
        let why = if target.workers != 1 {
            Unfused::Workers
        } else if target.concurrency != 1 {
            Unfused::Concurrency
        } else if target.batch.is_some() {
            Unfused::Batch
        } else if source.workers != 1 && !graph.vertices[from].begins {
            Unfused::OutOfWorkers
        } else {
            depth[to] = depth[from] + 1;
            if depth[to] == LONGEST_RUN + 1 {
                found.push(text::fused_too_often(&target.name, LONGEST_RUN));
            }
            continue;
        };
        found.push(text::fused(&source.name, &target.name, &why));
    }
}

/// Shared work and discards have their stage to themselves; a broadcast is made of edges of a broadcast.
fn ends(graph: &Graph, found: &mut Vec<Mistake>) {
    for (vertex, of) in graph.vertices.iter().enumerate() {
        for errors in [false, true] {
            let edges = graph.out_of(End { vertex, errors });
            let discards = if errors { of.discards_errors } else { of.discards };
            let Some(first) = edges.first() else { continue };
            for (at, edge) in edges.iter().enumerate() {
                let is_same = edges[..at].iter().any(|other| (other.to, other.split) == (edge.to, edge.split));
                if is_same && graph.vertices[edge.to].options.is_some() {
                    found.push(text::twice(&of.label, &graph.vertices[edge.to].label));
                }
            }
            if edges.iter().any(|edge| edge.branch) && (discards || !edges.iter().all(|edge| edge.branch)) {
                found.push(text::match_beside_others(&of.label));
                continue;
            }
            let lists: HashSet<_> = edges.iter().map(|edge| edge.split).collect();
            let plain = |edge: &&&Edge| !edge.shares;
            if discards {
                found.push(text::discard_beside_others(&of.label));
            } else if edges.iter().any(|edge| edge.split.is_some()) && lists.len() > 1 {
                found.push(text::shared_beside_others(&of.label));
            } else if edges.len() > 1
                && first.split.is_none()
                && let Some(edge) = edges.iter().find(plain)
            {
                found.push(text::not_shared(&of.label, &graph.vertices[edge.to].label));
            }
        }
    }
}

fn alone(graph: &Graph, found: &mut Vec<Mistake>) {
    found.extend(graph.missing.iter().map(|name| text::not_there(name)));
    if graph.vertices.iter().all(|vertex| vertex.options.is_none()) {
        found.push(text::empty());
    }
    for (at, vertex) in graph.vertices.iter().enumerate().filter(|(_, vertex)| vertex.options.is_some()) {
        let name = &*vertex.label;
        let fed = !graph.into(at).is_empty();
        let ends = graph.out_of(End { vertex: at, errors: false }).is_empty() && !vertex.discards;
        let leads = !ends || !graph.missing.is_empty();
        match (vertex.begins, fed) {
            (false, false) if ends => found.push(text::never_connected(name)),
            (false, false) => found.push(text::no_producer_first(name)),
            (true, _) if !leads => found.push(text::leads_nowhere(name)),
            _ if vertex.emits && !leads => found.push(text::no_consumer(name)),
            _ => {}
        }
    }
}

/// The first cycle. Vertices that can be put in order are taken away; what is left lies on one, or behind one.
fn cycle(graph: &Graph, found: &mut Vec<Mistake>) {
    let onward: Vec<&Edge> = graph.edges.iter().filter(|edge| !graph.is_back(edge)).collect();
    let mut waits = vec![0; graph.vertices.len()];
    for edge in &onward {
        waits[edge.to] += 1;
    }
    let mut ready: Vec<usize> = (0..waits.len()).filter(|&vertex| waits[vertex] == 0).collect();
    let begins = ready.iter().any(|&vertex| graph.vertices[vertex].options.is_some());
    while let Some(vertex) = ready.pop() {
        for edge in &onward {
            if edge.from.vertex == vertex {
                waits[edge.to] -= 1;
                if waits[edge.to] == 0 {
                    ready.push(edge.to);
                }
            }
        }
    }
    let Some(start) = waits.iter().position(|&waits| waits > 0) else { return };
    // Against the arrows until a vertex comes again.
    let mut way = vec![start];
    let first = loop {
        let here = way[way.len() - 1];
        let before = |edge: &&&Edge| edge.to == here && waits[edge.from.vertex] > 0;
        let Some(edge) = onward.iter().find(before) else { return };
        if let Some(first) = way.iter().position(|&vertex| vertex == edge.from.vertex) {
            break first;
        }
        way.push(edge.from.vertex);
    };
    let mut round = way.split_off(first);
    round.reverse();
    let least = (0..round.len()).min_by_key(|&at| round[at]).unwrap_or(0);
    round.rotate_left(least);
    let label = |vertex: &usize| &*graph.vertices[*vertex].label;
    if !begins {
        found.push(text::no_producer(label(&round[0])));
    } else {
        let names: Vec<&str> = round.iter().chain(&round[..1]).map(label).collect();
        found.push(text::cycle(&names));
    }
}

/// Two graphs in one.
fn connected(graph: &Graph, found: &mut Vec<Mistake>) {
    let heads: Vec<usize> = (0..graph.vertices.len()).filter(|&vertex| graph.into(vertex).is_empty()).collect();
    let Some(&first) = heads.first() else { return };
    let reached = graph.reached(first, true);
    if let Some(&other) = heads[1..].iter().find(|&&head| !reached[head]) {
        found.push(text::two_graphs(&graph.vertices[other].label, &graph.vertices[first].label));
    }
}
