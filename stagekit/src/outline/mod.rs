//! What a graph looks like before it runs: its stages and its edges, without their types, so that it can be checked as
//! a whole. The stages sketch themselves; [`check`] is the macro's own list of mistakes, in the macro's own words.

mod check;
mod mistake;
pub(crate) mod text;

use std::sync::Arc;

pub use mistake::{GraphError, Mistake};

use crate::open::Part;
use crate::options::{Limits, Options};
use crate::port::{Leads, leads_of};

/// One task: a stage, or a fused run of them.
pub(crate) struct Sketch {
    /// Where events come in: [`Intake::id`](crate::port::Intake::id). `None` behind a producer.
    pub(crate) intake: Option<usize>,
    pub(crate) parts: Vec<Options>,
    /// The edges of the errors of those parts that have an `else`.
    pub(crate) errors: Vec<(usize, Leads)>,
    /// The last part is no consumer.
    pub(crate) emits: bool,
    /// The edges that lead on, and which outlets they leave.
    pub(crate) leads: Leads,
    /// What keeps this task alone from starting, and which of its stages.
    pub(crate) wrong: Option<(Arc<str>, String)>,
}

impl Sketch {
    pub(crate) fn new(parts: &[Part], intake: Option<usize>, emits: bool, leads: Leads) -> Self {
        let errors = parts.iter().enumerate().filter_map(|(at, part)| Some((at, leads_of(&part.errors)?))).collect();
        let parts = parts.iter().map(|part| part.options.clone()).collect();
        Sketch { intake, parts, errors, emits, leads, wrong: None }
    }
}

/// What is open on purpose.
#[derive(Default)]
pub(crate) struct OpenEnds {
    /// The edges out of the `..` that begins the graph.
    pub(crate) head: Option<Leads>,
    /// The outlets that lead into the `..` that ends it.
    pub(crate) tail: Option<usize>,
}

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
    /// It was made for a broadcast.
    shares: bool,
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
    fn new(sketches: Vec<Sketch>, ends: OpenEnds) -> Self {
        let mut graph = Graph::default();
        let (mut intakes, mut left) = (std::collections::HashMap::new(), std::collections::VecDeque::new());
        if let Some(head) = ends.head {
            left.push_back((End { vertex: graph.open(), errors: false }, head));
        }
        let tail = ends.tail.map(|outlets| (outlets, graph.open()));
        for mut sketch in sketches {
            let first = graph.vertices.len();
            let last = first + sketch.parts.len() - 1;
            for (at, options) in sketch.parts.into_iter().enumerate() {
                let vertex = first + at;
                let emits = vertex < last || sketch.emits;
                graph.vertices.push(Vertex {
                    label: options.name.clone(),
                    options: Some(options),
                    begins: at == 0 && sketch.intake.is_none(),
                    emits,
                    discards: vertex == last && sketch.leads.discard,
                    discards_errors: false,
                    wrong: sketch.wrong.take(),
                });
                if at > 0 {
                    graph.edge(End { vertex: vertex - 1, errors: false }, vertex, true, None, false, Limits::default());
                }
            }
            if let Some(intake) = sketch.intake {
                intakes.insert(intake, first);
            }
            for (at, leads) in sketch.errors {
                graph.vertices[first + at].discards_errors = leads.discard;
                left.push_back((End { vertex: first + at, errors: true }, leads));
            }
            if let Some((outlets, open)) = tail
                && outlets == sketch.leads.id
            {
                graph.edge(End { vertex: last, errors: false }, open, false, None, false, Limits::default());
            }
            left.push_back((End { vertex: last, errors: false }, sketch.leads));
        }
        while let Some((from, leads)) = left.pop_front() {
            for (name, leads) in leads.branches {
                let branch = graph.open();
                graph.vertices[branch].label = name.into();
                graph.edge(from, branch, false, None, true, Limits::default());
                let from = End { vertex: branch, errors: false };
                if let Some((_, open)) = tail.filter(|(outlets, _)| *outlets == leads.id) {
                    graph.edge(from, open, false, None, false, Limits::default());
                }
                left.push_back((from, leads));
            }
            for (at, group) in leads.groups.into_iter().enumerate() {
                for (intake, name, limits) in group.legs {
                    let split = group.split.then_some(at);
                    match intakes.get(&intake) {
                        Some(&to) => graph.edge(from, to, false, split, group.shares, limits),
                        None => graph.missing.push(name),
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
        });
        self.vertices.len() - 1
    }

    fn edge(&mut self, from: End, to: usize, fused: bool, split: Option<usize>, shares: bool, limits: Limits) {
        self.edges.push(Edge { from, to, fused, split, shares, limits });
    }

    fn into(&self, vertex: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.to == vertex)
    }

    fn out_of(&self, end: End) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == end)
    }
}

/// What is wrong with the graph of these tasks.
pub(crate) fn check(sketches: Vec<Sketch>, ends: OpenEnds) -> Result<(), GraphError> {
    let mistakes = check::mistakes(&Graph::new(sketches, ends));
    if mistakes.is_empty() { Ok(()) } else { Err(GraphError::new(mistakes)) }
}
