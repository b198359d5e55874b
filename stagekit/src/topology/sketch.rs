//! How a graph is read from what it is wired of: an edge leads from the outlets that it was tied to, to the intake that it was
//! tied with. Both are known by their addresses while the graph stands.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Arrow, Edge, Graph, Location, Point, Role, Share, Stage, Topology, Types};
use crate::options::{Limits, Options};

/// What the text of a `pipeline!` knows. The macro writes it, as a constant.
#[derive(Debug)]
pub struct Drawing {
    /// The file.
    pub file: &'static str,
    /// What it was expanded under: it is asked for here so that cargo builds again when it is another.
    pub dump: Option<&'static str>,
    /// For each stage or run of the pipeline its functions.
    pub spots: &'static [&'static [Spot]],
    /// What edges are called.
    pub called: &'static [Called],
}

/// One function of a `pipeline!`.
#[derive(Debug)]
pub struct Spot {
    /// The line of its token, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The closure or expression.
    pub text: &'static str,
    /// The name given by `let`.
    pub bound: &'static str,
}

/// The text at an edge: the key of a `by`.
#[derive(Debug)]
pub struct Called {
    /// The run it leaves.
    pub stage: usize,
    /// The function in it.
    pub part: usize,
    /// By its `else`.
    pub errors: bool,
    /// The run it leads to.
    pub to: usize,
    /// The text.
    pub text: &'static str,
}

/// What leads away from an outlet.
#[derive(Default)]
pub(crate) struct Legs {
    /// The address of the outlets.
    pub(crate) at: usize,
    pub(crate) legs: Vec<Leg>,
    pub(crate) discard: bool,
}

pub(crate) struct Leg {
    pub(crate) group: usize,
    pub(crate) fan: Fan,
    /// The address of the intake.
    pub(crate) to: usize,
    /// The limits of this edge, where they are not the stage's own.
    pub(crate) limits: Option<Limits>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fan {
    One,
    All,
    Any,
    By,
}

/// One function of a run.
pub(crate) struct Part<'a> {
    pub(crate) options: &'a Options,
    pub(crate) types: Types,
    pub(crate) place: Location,
    /// What a segment is made of.
    pub(crate) inner: Option<&'a Topology>,
    /// What its errors lead to.
    pub(crate) errors: Option<Legs>,
}

/// A graph while it is read.
#[derive(Default)]
pub(crate) struct Sketch {
    graph: Graph,
    /// The stage behind an intake.
    intakes: HashMap<usize, usize>,
    /// Edges whose stage below may not be known yet: from where, which way, what it is called.
    loose: Vec<(Point, Arrow, Leg)>,
    /// The open end.
    tail: Option<usize>,
    /// Of the run that is read: its number, and what the macro says of it.
    run: usize,
    drawing: Option<&'static Drawing>,
    /// For each stage its run and its place in it.
    places: Vec<(usize, usize)>,
    runs: Vec<Option<&'static Drawing>>,
}

impl Sketch {
    /// The graph is open where these outlets are.
    pub(crate) fn open(&mut self, head: Option<Legs>, tail: Option<usize>) {
        self.tail = tail;
        if let Some(head) = head {
            self.legs(Point::Open, Arrow::Subscription, head);
        }
    }

    /// The next run, and what the macro says of it.
    pub(crate) fn begin(&mut self, drawing: Option<(&'static Drawing, usize)>) {
        self.run = drawing.map_or(usize::MAX, |(_, run)| run);
        self.drawing = drawing.map(|(drawing, _)| drawing);
    }

    /// One run: what feeds it (none is a producer), its functions, and what leads on.
    pub(crate) fn run<'a>(&mut self, intake: Option<usize>, parts: impl IntoIterator<Item = Part<'a>>, legs: Legs) {
        let mut before: Option<usize> = None;
        for (at, part) in parts.into_iter().enumerate() {
            let number = self.graph.stages.len();
            let spot = self.drawing.and_then(|drawing| drawing.spots.get(self.run)?.get(at));
            self.graph.stages.push(stage(&part, intake.is_none() && at == 0, self.drawing, spot));
            self.places.push((self.run, at));
            self.runs.push(self.drawing);
            if let (0, Some(intake)) = (at, intake) {
                self.intakes.insert(intake, number);
            }
            if let Some(before) = before {
                self.edge(Point::Stage(before), Point::Stage(number), Arrow::Fused, Share::One, 0);
            }
            if let Some(errors) = part.errors {
                self.legs(Point::Stage(number), Arrow::Else, errors);
            }
            before = Some(number);
            if let Some(inner) = part.inner {
                before = Some(self.segment(number, inner).unwrap_or(number));
            }
        }
        if let Some(last) = before {
            // The errors of a segment's last stage may be its open end; its events are what is led on.
            let arrow = Arrow::Subscription;
            self.legs(Point::Stage(last), arrow, legs);
        }
    }

    /// Puts the stages of a segment behind the one that passes its events on; gives the one that its open end is of.
    fn segment(&mut self, pass: usize, inner: &Topology) -> Option<usize> {
        let first = self.graph.stages.len();
        let moved = |point: Point| match point {
            Point::Stage(at) => Point::Stage(at + first),
            other => other,
        };
        for stage in &inner.0.stages {
            self.graph.stages.push(stage.clone());
            self.places.push((usize::MAX, 0));
            self.runs.push(None);
        }
        let mut last = None;
        for edge in &inner.0.edges {
            let from = if edge.from == Point::Open { Point::Stage(pass) } else { moved(edge.from) };
            match (from, edge.to) {
                (Point::Stage(from), Point::Open) => last = Some(from),
                (from, to) => self.graph.edges.push(Edge { from, to: moved(to), ..edge.clone() }),
            }
        }
        last
    }

    fn legs(&mut self, from: Point, arrow: Arrow, legs: Legs) {
        if legs.discard {
            self.edge(from, Point::Discarded, arrow, Share::One, 0);
        }
        if self.tail == Some(legs.at) {
            self.edge(from, Point::Open, arrow, Share::One, 0);
        }
        self.loose.extend(legs.legs.into_iter().map(|leg| (from, arrow, leg)));
    }

    fn edge(&mut self, from: Point, to: Point, arrow: Arrow, share: Share, group: usize) {
        self.graph.edges.push(Edge { from, to, arrow, share, group, label: None, options: Vec::new() });
    }

    /// The graph, now that all of it was read.
    pub(crate) fn finish(mut self) -> Topology {
        let mut called: HashMap<(Point, bool, Point), usize> = HashMap::new();
        for (from, arrow, leg) in std::mem::take(&mut self.loose) {
            // What leads out of the graph leads to its open end.
            let to = self.intakes.get(&leg.to).map_or(Point::Open, |&stage| Point::Stage(stage));
            let nth = called.entry((from, arrow == Arrow::Else, to)).or_default();
            let text = self.called(from, arrow, to, *nth);
            *nth += 1;
            let share = match leg.fan {
                Fan::One => Share::One,
                Fan::All => Share::All,
                Fan::Any => Share::Any,
                Fan::By => Share::By(text.map(Into::into)),
            };
            self.edge(from, to, arrow, share, leg.group);
            if let (Some(edge), Some(limits)) = (self.graph.edges.last_mut(), leg.limits) {
                edge.options = limits.written();
            }
        }
        // As in a summary, two stages of one name are numbered.
        let mut seen: HashMap<Arc<str>, usize> = HashMap::new();
        for stage in &mut self.graph.stages {
            let n = seen.entry(stage.base.clone()).and_modify(|n| *n += 1).or_insert(1);
            stage.name = if *n > 1 { format!("{} {n}", stage.base).into() } else { stage.base.clone() };
        }
        // An edge that leads on from a consumer is only there in a graph that does not start.
        self.graph.edges.sort_by_key(|edge| match edge.from {
            Point::Stage(stage) => stage + 1,
            _ => 0,
        });
        Topology(Arc::new(self.graph))
    }

    /// What the macro calls the `nth` edge between the two.
    fn called(&self, from: Point, arrow: Arrow, to: Point, nth: usize) -> Option<&'static str> {
        let Point::Stage(from) = from else { return None };
        let (stage, part) = self.places[from];
        let to = match to {
            Point::Stage(to) => self.places[to].0,
            _ => usize::MAX,
        };
        let drawing = self.runs[from]?;
        let is_it = |called: &&Called| {
            (called.stage, called.part, called.errors, called.to) == (stage, part, arrow == Arrow::Else, to)
        };
        drawing.called.iter().filter(is_it).nth(nth).map(|called| called.text)
    }
}

fn stage(part: &Part<'_>, begins: bool, drawing: Option<&'static Drawing>, spot: Option<&'static Spot>) -> Stage {
    let text = |text: &'static str| (!text.is_empty()).then(|| text.into());
    let place = match (drawing, spot) {
        (Some(drawing), Some(spot)) if spot.line > 0 => {
            Location { file: drawing.file, line: spot.line, column: spot.column }
        }
        _ => part.place,
    };
    Stage {
        base: part.options.name.clone(),
        name: part.options.name.clone(),
        bound: spot.and_then(|spot| text(spot.bound)),
        text: spot.and_then(|spot| text(spot.text)),
        role: match (begins, part.types.emits) {
            (true, _) => Role::Producer,
            (_, None) => Role::Consumer,
            _ => Role::ProducerConsumer,
        },
        types: part.types,
        options: part.options.clone(),
        place,
        is_segment: part.inner.is_some(),
    }
}
