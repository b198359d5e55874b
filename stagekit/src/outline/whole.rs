//! What only the whole of a graph shows: edges that are sound one by one, and do not go together. The macro's checks of the
//! same (`pipeline/{whole,loops}.rs`).

use super::mistake::Mistake;
use super::{Edge, End, Graph, text};

/// Finds what does not go together. The graph makes sense otherwise.
pub(super) fn check(graph: &Graph, found: &mut Vec<Mistake>) {
    for (at, vertex) in graph.vertices.iter().enumerate() {
        let Some(options) = &vertex.options else { continue };
        let edges = graph.into(at);
        if options.workers != 1 {
            found.extend(partitions(graph, at, &edges));
        }
        if let Some((size, _)) = options.batch {
            found.extend(filling(graph, at, size, &edges));
        }
    }
    loops(graph, found);
}

/// The workers of a stage are partitions of a `by` that leads to it: each key has one of them. Then nothing else may lead
/// there, and no other `by` with other legs.
fn partitions(graph: &Graph, vertex: usize, edges: &[&Edge]) -> Option<Mistake> {
    let first = edges.iter().find(|edge| edge.keyed)?;
    let legs = |of: &Edge| {
        let mut legs = Vec::new();
        for edge in &graph.edges {
            if (edge.from, edge.split) == (of.from, of.split) {
                legs.push(edge.to);
            }
        }
        legs
    };
    let listed = |end: End| graph.vertices[end.vertex].options.is_some() && !end.errors;
    let label = |vertex: usize| &*graph.vertices[vertex].label;
    let (name, by) = (label(vertex), label(first.from.vertex));
    for edge in edges {
        let (from, listed) = (label(edge.from.vertex), listed(first.from) && listed(edge.from));
        if graph.is_back(edge) {
            return Some(text::feedback_into_partitions(name));
        } else if !edge.keyed {
            return Some(text::partitions_beside(name, by, from, listed));
        } else if legs(edge) != legs(first) {
            return Some(text::partitions_of_two_lists(name, by, from, listed));
        }
    }
    None
}

/// A batch fills only if all edges together may bring as many events. Where one has no limit, they may.
fn filling(graph: &Graph, vertex: usize, size: usize, edges: &[&Edge]) -> Option<Mistake> {
    let own = graph.vertices[vertex].options.as_ref()?.limits;
    let mut all = 0_usize;
    for edge in edges {
        all = all.saturating_add(edge.limits.max.filter(|_| edge.limits != own)?);
    }
    let name = &*graph.vertices[vertex].label;
    (1..size).contains(&all).then(|| text::batch_over_edges(name, size, all, edges.len() > 1))
}

/// The edges that close a loop: whether they do, whether something enters it, and whether a batch in it can fill.
fn loops(graph: &Graph, found: &mut Vec<Mistake>) {
    let backs: Vec<usize> = (0..graph.vertices.len()).filter(|&at| graph.vertices[at].back.is_some()).collect();
    if backs.is_empty() {
        return;
    }
    let before = found.len();
    let reached: Vec<Vec<bool>> = (0..graph.vertices.len()).map(|at| graph.reached(at, false)).collect();
    let label = |vertex: usize| &*graph.vertices[vertex].label;
    let onward = |vertex: usize| graph.into(vertex).into_iter().find(|edge| !graph.is_back(edge));
    let target = |back: usize| graph.out_of(End { vertex: back, errors: false }).first().map(|edge| edge.to);
    for &back in &backs {
        let (Some(to), Some(edge)) = (target(back), graph.into(back).first().copied()) else { continue };
        if !reached[to][back] {
            found.push(text::closes_no_loop(label(edge.from.vertex), label(to)));
        } else if onward(to).is_none() {
            let enters = |&at: &usize| {
                let from_outside = |edge: &&Edge| !graph.is_back(edge) && !reached[to][edge.from.vertex];
                reached[to][at] && reached[at][to] && graph.into(at).iter().any(from_outside)
            };
            let entry = (0..graph.vertices.len()).find(enters);
            found.push(text::only_feedback(label(to), entry.map(label)));
        }
    }
    if found.len() > before {
        return;
    }
    for (at, vertex) in graph.vertices.iter().enumerate() {
        let Some((size, _)) = vertex.options.as_ref().and_then(|options| options.batch) else { continue };
        // All that goes round could come together in the smallest of the ring.
        let ring = backs.iter().filter(|&&back| reached[at][back] && reached[back][at]);
        let smallest = ring.filter_map(|&back| Some((graph.vertices[back].back?, target(back)?))).min();
        if let Some((room, to)) = smallest.filter(|&(room, _)| (1..size).contains(&room)) {
            found.push(text::batch_over_feedback(label(at), size, room, label(to)));
        }
    }
}
