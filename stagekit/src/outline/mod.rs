//! What a graph looks like before it runs: its stages and its edges, without their types, so that it can be checked as
//! a whole. It is made of the same [`Reading`] as the pictures; [`check`] is the macro's own list of mistakes, in the
//! macro's own words.

mod check;
mod mistake;
pub(crate) mod text;
mod whole;

use std::sync::Arc;

pub use mistake::{GraphError, Mistake};

use crate::options::{Limits, Options};
use crate::topology::{OpenEnds, Reading};

/// A stage of the graph, or one of its open ends.
struct Vertex {
    label: Arc<str>,
    /// `None` for an open end.
    options: Option<Options>,
    begins: bool,
    emits: bool,
    discards: bool,
    discards_errors: bool,
    /// What keeps it from starting, told if nothing else is wrong with it.
    wrong: Option<(Arc<str>, String)>,
    /// What leads on from it closes a loop on purpose: so many events go round.
    back: Option<usize>,
}

/// Where events leave a stage: the stage itself, or its `else`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct End {
    vertex: usize,
    errors: bool,
}

struct Edge {
    from: End,
    to: usize,
    fused: bool,
    /// The `any` or `by` list it is a leg of, counted at its end.
    split: Option<usize>,
    /// That list is a `by`.
    keyed: bool,
    /// It was made for a broadcast.
    shares: bool,
    /// It leads to a branch of a `match`.
    branch: bool,
    limits: Limits,
}

#[derive(Default)]
struct Graph {
    vertices: Vec<Vertex>,
    edges: Vec<Edge>,
    /// Stages that edges lead to, but that are not there.
    missing: Vec<Arc<str>>,
}

impl Graph {
    fn new(readings: Vec<Reading>, ends: OpenEnds) -> Self {
        let mut graph = Graph::default();
        let (mut intakes, mut left) = (std::collections::HashMap::new(), std::collections::VecDeque::new());
        if let Some(head) = ends.head {
            left.push_back((End { vertex: graph.open(), errors: false }, head));
        }
        let tail = ends.tail.map(|outlets| (outlets, graph.open()));
        for mut reading in readings {
            let first = graph.vertices.len();
            let last = first + reading.parts.len() - 1;
            for (at, part) in reading.parts.into_iter().enumerate() {
                let vertex = first + at;
                graph.vertices.push(Vertex {
                    label: part.options.name.clone(),
                    options: Some(part.options),
                    begins: at == 0 && reading.intake.is_none(),
                    emits: vertex < last || reading.emits,
                    discards: vertex == last && reading.leads.discard,
                    discards_errors: part.errors.as_ref().is_some_and(|errors| errors.discard),
                    wrong: reading.wrong.take(),
                    back: reading.back,
                });
                if at > 0 {
                    graph.edges.push(Edge { fused: true, ..plain(vertex - 1, vertex) });
                }
                if let Some(errors) = part.errors {
                    left.push_back((End { vertex, errors: true }, errors));
                }
            }
            if let Some(intake) = reading.intake {
                intakes.insert(intake, first);
            }
            if let Some((outlets, open)) = tail
                && outlets == reading.leads.id
            {
                graph.edges.push(plain(last, open));
            }
            left.push_back((End { vertex: last, errors: false }, reading.leads));
        }
        while let Some((from, leads)) = left.pop_front() {
            for fork in leads.branches {
                let branch = graph.open();
                graph.vertices[branch].label = fork.pattern;
                graph.edges.push(Edge { from, shares: true, branch: true, ..plain(from.vertex, branch) });
                if let Some((_, open)) = tail.filter(|(outlets, _)| *outlets == fork.leads.id) {
                    graph.edges.push(plain(branch, open));
                }
                left.push_back((End { vertex: branch, errors: false }, fork.leads));
            }
            for (at, group) in leads.groups.into_iter().enumerate() {
                let (split, keyed, shares) = (group.split.then_some(at), group.keyed, group.shares);
                for leg in group.legs {
                    match intakes.get(&leg.to) {
                        Some(&to) => {
                            let edge =
                                Edge { from, split, keyed, shares, limits: leg.limits, ..plain(from.vertex, to) };
                            graph.edges.push(edge);
                        }
                        None => graph.missing.push(leg.name),
                    }
                }
            }
        }
        graph
    }

    fn open(&mut self) -> usize {
        self.vertices.push(Vertex {
            label: "..".into(),
            options: None,
            begins: false,
            emits: false,
            discards: false,
            discards_errors: false,
            wrong: None,
            back: None,
        });
        self.vertices.len() - 1
    }

    fn into(&self, vertex: usize) -> Vec<&Edge> {
        let mut found = Vec::new();
        for edge in &self.edges {
            if edge.to == vertex {
                found.push(edge);
            }
        }
        found
    }

    fn out_of(&self, end: End) -> Vec<&Edge> {
        let mut found = Vec::new();
        for edge in &self.edges {
            if edge.from == end {
                found.push(edge);
            }
        }
        found
    }

    /// It leads back on purpose.
    fn is_back(&self, edge: &Edge) -> bool {
        self.vertices[edge.from.vertex].back.is_some()
    }

    /// The vertices that are led to from one, at whatever distance; itself only if it leads to itself. `whole`: whichever
    /// way the edges lead.
    fn reached(&self, from: usize, whole: bool) -> Vec<bool> {
        let mut reached = vec![false; self.vertices.len()];
        let mut left = vec![from];
        while let Some(at) = left.pop() {
            for edge in &self.edges {
                let to = match (edge.from.vertex, edge.to) {
                    (from, to) if from == at => to,
                    (from, to) if whole && to == at => from,
                    _ => continue,
                };
                if !std::mem::replace(&mut reached[to], true) {
                    left.push(to);
                }
            }
        }
        reached
    }
}

/// An edge that shares nothing, with no limits of its own.
fn plain(from: usize, to: usize) -> Edge {
    let (from, limits) = (End { vertex: from, errors: false }, Limits::default());
    Edge { from, to, fused: false, split: None, keyed: false, shares: false, branch: false, limits }
}

/// What is wrong with the graph of these tasks.
pub(crate) fn check(readings: Vec<Reading>, ends: OpenEnds) -> Result<(), GraphError> {
    let mistakes = check::mistakes(&Graph::new(readings, ends));
    if mistakes.is_empty() { Ok(()) } else { Err(GraphError::new(mistakes)) }
}
