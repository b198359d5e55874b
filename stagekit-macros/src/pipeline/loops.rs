//! What is wrong with the loops of a graph: those that are closed by `feedback`, and those that are not.

use super::ast::Opt;
use super::feedback::literal;
use super::graph::{Edge, Graph};
use super::options;
use crate::diagnostic::Diagnostics;

/// Reports what is wrong with the edges that close a loop. The rest of the graph makes sense. Returns the stages that
/// nothing leads into.
pub(crate) fn check(graph: &Graph, errors: &mut Diagnostics) -> Vec<usize> {
    let (mut unfed, mut is_sound) = (Vec::new(), true);
    for edge in &graph.edges {
        let Some(back) = &edge.back else { continue };
        let (from, to) = (graph.label(edge.from.vertex), graph.label(edge.to));
        let behind = reached(graph, edge.to);
        if !behind[edge.from.vertex] {
            let text =
                format!("`feedback` closes a loop, but nothing leads from `{to}` back to `{from}`: write `=> {to}`");
            errors.error(back.span, text);
            is_sound = false;
            continue;
        }
        if graph.edges_into(edge.to).next().is_none() {
            let enters = |&at: &usize| {
                behind[at] && reached(graph, at)[edge.to] && graph.edges_into(at).any(|edge| !behind[edge.from.vertex])
            };
            let text = match (0..graph.vertices.len()).find(enters).map(|at| graph.label(at)) {
                Some(entry) => format!(
                    "nothing but `feedback` leads into `{to}`: mark the edge that leads back to where events enter the loop, `=> feedback(n) {entry}`"
                ),
                None => format!("nothing but its own loop leads into `{to}`: no event can ever enter it"),
            };
            errors.error(back.span, text);
            unfed.push(edge.to);
            is_sound = false;
        }
    }
    if is_sound {
        batches(graph, errors);
    }
    unfed
}

/// A batch that is larger than what goes round can never fill. All that goes round could come together in the smallest
/// `feedback` of the ring, whichever of its loops the stage stands in.
fn batches(graph: &Graph, errors: &mut Diagnostics) {
    let reached: Vec<Vec<bool>> = (0..graph.vertices.len()).map(|at| reached(graph, at)).collect();
    for (at, vertex) in graph.vertices.iter().enumerate() {
        let options: &[Opt] = vertex.node.as_ref().map_or(&[], |node| &node.options);
        let Some((number, size)) = options::literal(options, "batch") else { continue };
        let rooms = graph.edges.iter().filter_map(|edge| {
            let is_inside = reached[at][edge.from.vertex] || at == edge.from.vertex;
            let room = literal(&edge.back.as_ref().filter(|_| is_inside)?.room)?.base10_parse::<u128>().ok()?;
            (reached[edge.to][at] || at == edge.to).then_some((room, edge.to))
        });
        if let Some((room, to)) = rooms.min().filter(|&(room, _)| size > room) {
            let (name, to) = (graph.label(at), graph.label(to));
            let text = format!(
                "a batch of {size} can never fill: `{name}` stands in the loop of `feedback({room}) {to}`, let it be {size} or more"
            );
            errors.error(number.span(), text);
        }
    }
}

/// The vertices that are led to from one.
fn reached(graph: &Graph, from: usize) -> Vec<bool> {
    let mut reached = vec![false; graph.vertices.len()];
    let mut left = vec![from];
    while let Some(at) = left.pop() {
        for edge in graph.edges.iter().filter(|edge| edge.from.vertex == at) {
            if !std::mem::replace(&mut reached[edge.to], true) {
                left.push(edge.to);
            }
        }
    }
    reached
}

/// A cycle that nothing marks: its stages, and the edge that leads to the first of them.
pub(crate) fn unmarked(graph: &Graph, round: &[usize], closing: &Edge) -> String {
    let first = graph.label(round[0]);
    if round.len() == 1 && closing.from.errors {
        return format!(
            "the errors of `{first}` lead back to `{first}`, which would wait for itself: `else feedback(n) {first}` lets up to n of them wait"
        );
    }
    let mut names: Vec<_> = round.iter().map(|&vertex| graph.label(vertex)).collect();
    names.push(first.clone());
    let names = names.join(" => ");
    format!(
        "these edges form a cycle: `{names}`; a bounded graph would deadlock: mark the closing edge: `=> feedback(n) {first}`"
    )
}
