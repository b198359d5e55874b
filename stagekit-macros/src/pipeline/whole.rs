//! What only the whole of a graph shows: edges that are sound one by one, and do not go together.

use super::ast::Opt;
use super::graph::{Edge, End, Graph};
use super::options::literal;
use crate::diagnostic::Diagnostics;

/// Reports what does not go together. The graph makes sense otherwise.
pub(crate) fn check(graph: &Graph, errors: &mut Diagnostics) {
    for vertex in 0..graph.vertices.len() {
        let Some(node) = &graph.vertices[vertex].node else { continue };
        let edges: Vec<&Edge> = graph.edges.iter().filter(|edge| edge.to == vertex).collect();
        if node.option("workers").is_some() {
            partitions(graph, vertex, &edges, errors);
        }
        filling(graph, vertex, &node.options, &edges, errors);
        twice(graph, &edges, errors);
    }
}

/// An edge that is there already.
fn twice(graph: &Graph, edges: &[&Edge], errors: &mut Diagnostics) {
    for (at, edge) in edges.iter().enumerate() {
        let key = |edge: &Edge| (edge.from, edge.split, edge.back.is_some());
        if edges[..at].iter().any(|other| key(other) == key(edge)) {
            let (from, to) = (graph.label(edge.from.vertex), graph.label(edge.to));
            let text = format!(
                "two edges lead from `{from}` to `{to}`: remove one, or bind a second instance with a `let` of its own"
            );
            errors.error(edge.at, text);
        }
    }
}

/// The workers of a stage are partitions of a `by` that leads to it: each key has one of them. Then nothing else may lead
/// there, and no other `by` with other legs.
fn partitions(graph: &Graph, vertex: usize, edges: &[&Edge], errors: &mut Diagnostics) {
    let keyed = |edge: &Edge| edge.split.filter(|&split| graph.splits[split].key.is_some());
    let Some(first) = edges.iter().find_map(|edge| keyed(edge)) else { return };
    let (name, by) = (graph.label(vertex), graph.label(graph.splits[first].from.vertex));
    let legs = |split: usize| -> Vec<usize> {
        graph.edges.iter().filter(|edge| edge.split == Some(split)).map(|edge| edge.to).collect()
    };
    // What can stand in a list before the `by`: neither a branch of a `match` nor an `else`.
    let listed = |end: End| graph.is_stage(end.vertex) && !end.errors;
    for edge in edges {
        let from = graph.label(edge.from.vertex);
        let one = listed(graph.splits[first].from) && listed(edge.from);
        let remedy = |list: &str, leg: &str| {
            if one {
                format!("lead both {list}, `[{by}, {from}] => by |e| .. [{leg}]`")
            } else {
                format!(
                    "lead both into a stage before it, `let both = |e| e; .. => both; .. => both => by |e| .. [{leg}]`"
                )
            }
        };
        let (span, text) = match (&edge.back, keyed(edge)) {
            (Some(back), _) => (
                back.span,
                format!(
                    "`{name}` has a worker for each key, but what `feedback` brings back goes to any of them: lead both into \
                     a stage before it, `let again = |e| e; .. => again => by |e| .. [{name}]; .. => feedback(n) again`"
                ),
            ),
            (None, None) => (
                edge.at,
                format!(
                    "`{name}` has a worker for each key of `{by}`, but what `{from}` brings goes to any of them: {}",
                    remedy("through one `by`", &name)
                ),
            ),
            (None, Some(split)) if legs(split) != legs(first) => (
                graph.splits[split].span,
                format!(
                    "`{name}` is behind two `by` lists of different legs, so one key comes to two of its workers: {}",
                    remedy("into one list", &format!("{name}, .."))
                ),
            ),
            _ => continue,
        };
        errors.error(span, text);
        return;
    }
}

/// A batch fills only if all edges together may bring as many events.
fn filling(graph: &Graph, vertex: usize, options: &[Opt], edges: &[&Edge], errors: &mut Diagnostics) {
    let Some((_, size)) = literal(options, "batch") else { return };
    let limits: Option<Vec<_>> = edges.iter().map(|edge| literal(&edge.options, "max_demand")).collect();
    let Some(limits) = limits else { return };
    let all: u128 = limits.iter().map(|(_, max)| max).sum();
    if let Some((number, _)) = limits.first().filter(|_| (1..size).contains(&all)) {
        let name = graph.label(vertex);
        let text = if limits.len() > 1 {
            format!(
                "a batch of {size} can never fill: the edges into `{name}` bring {all} events at once, let it be {size} or more"
            )
        } else {
            format!(
                "a batch of {size} can never fill: `max_demand` of this edge to `{name}` is {all}, let it be {size} or more"
            )
        };
        errors.error(number.span(), text);
    }
}
