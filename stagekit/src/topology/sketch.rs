//! How a graph is read from what it is wired of: an edge leads from the outlets that it was tied to, to the intake that it was
//! tied with. Both are known by their addresses while the graph stands.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{
    Arrow, Fork, Graph, Leads, Leg, Link, OpenEnds, Part, Place, Point, Reading, Role, Share, Topology, Type, Vertex,
};
use crate::options::Limits;

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
    /// The branches that discard.
    pub dropped: &'static [Dropped],
    /// For each edge that closes a loop, which come behind the runs, what it leads back to, as `let` calls it.
    pub backs: &'static [&'static str],
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

/// A branch of a `match` that discards: for the compiler there is nothing behind it.
#[derive(Debug)]
pub struct Dropped {
    /// The run that is matched.
    pub stage: usize,
    /// The function in it.
    pub part: usize,
    /// Its errors are.
    pub errors: bool,
    /// How many branches before it lead somewhere.
    pub after: usize,
    /// Its pattern.
    pub text: &'static str,
}

/// The pattern of a branch, and what it binds.
type Branch = Option<(Arc<str>, Type)>;

/// An edge whose stage below may not be known yet: from where, which way, out of which branch, and how it shares.
struct Loose {
    from: Point,
    arrow: Arrow,
    branch: Option<Arc<str>>,
    /// What the branch binds.
    event: Option<Type>,
    share: Share,
    group: usize,
    to: Target,
}

enum Target {
    Leg(Leg),
    /// It is known: `_` or `..`.
    Point(Point),
}

/// The graph of these tasks.
pub(crate) fn read(readings: Vec<Reading>, ends: OpenEnds) -> Topology {
    let mut sketch = Sketch { tail: ends.tail, ..Sketch::default() };
    if let Some(head) = ends.head {
        sketch.leads(Point::Outside, Arrow::Subscribed, None, head);
    }
    for reading in readings {
        sketch.begin(reading.drawing);
        match (reading.back, reading.intake) {
            (Some(room), Some(intake)) => sketch.back(intake, reading.leads, room),
            _ => sketch.run(reading.intake, reading.parts, reading.leads),
        }
    }
    sketch.finish()
}

/// A graph while it is read.
#[derive(Default)]
struct Sketch {
    graph: Graph,
    /// The stage behind an intake.
    intakes: HashMap<usize, usize>,
    /// What leads back: from this intake along that edge, and how many go round.
    backs: HashMap<usize, (Leg, usize)>,
    /// Edges whose stage below may not be known yet.
    loose: Vec<Loose>,
    /// Of the `match` that is read: the branches that discard and were not come to yet, and how many lead somewhere.
    dropped: VecDeque<&'static Dropped>,
    forks: usize,
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
    /// What comes to this intake goes back to where the edge leads, `room` events at most.
    fn back(&mut self, intake: usize, leads: Leads, room: usize) {
        let legs = leads.groups.into_iter().next().map(|group| group.legs);
        if let Some(leg) = legs.and_then(|legs| legs.into_iter().next()) {
            self.backs.insert(intake, (leg, room));
        }
    }

    /// The next run, and what the macro says of it.
    fn begin(&mut self, drawing: Option<(&'static Drawing, usize)>) {
        self.run = drawing.map_or(usize::MAX, |(_, run)| run);
        self.drawing = drawing.map(|(drawing, _)| drawing);
    }

    /// One run: what feeds it (none is a producer), its functions, and what leads on.
    fn run(&mut self, intake: Option<usize>, parts: Vec<Part>, leads: Leads) {
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
                self.edge(Point::At(before), Point::At(number), Arrow::Inline);
            }
            if let Some(errors) = part.errors {
                self.matched(at, true);
                self.leads(Point::At(number), Arrow::OfErrors, None, errors);
                self.rest(Point::At(number), Arrow::OfErrors);
            }
            before = Some(number);
            self.matched(at, false);
            if let Some(inner) = &part.inner {
                before = Some(self.segment(number, inner).unwrap_or(number));
            }
        }
        if let Some(last) = before {
            self.leads(Point::At(last), Arrow::Subscribed, None, leads);
            self.rest(Point::At(last), Arrow::Subscribed);
        }
    }

    /// What this end leads to is read next.
    fn matched(&mut self, at: usize, errors: bool) {
        let dropped = self.drawing.map_or(&[][..], |drawing| drawing.dropped).iter();
        self.dropped = dropped.filter(|of| (of.stage, of.part, of.errors) == (self.run, at, errors)).collect();
        self.forks = 0;
    }

    /// The branches that discard, and are written behind all that lead somewhere.
    fn rest(&mut self, from: Point, arrow: Arrow) {
        self.forks = usize::MAX;
        self.dropped(from, arrow);
    }

    /// Those that are written before the next one that leads somewhere.
    fn dropped(&mut self, from: Point, arrow: Arrow) {
        while let Some(&dropped) = self.dropped.front().filter(|dropped| dropped.after <= self.forks) {
            self.dropped.pop_front();
            self.known(from, Point::Nowhere, arrow, Some(dropped.text.into()), None);
        }
    }

    /// Puts the stages of a segment behind the one that passes its events on; gives the one that its open end is of.
    fn segment(&mut self, pass: usize, inner: &Topology) -> Option<usize> {
        let first = self.graph.stages.len();
        let moved = |point: Point| match point {
            Point::At(at) => Point::At(at + first),
            other => other,
        };
        for stage in &inner.0.stages {
            self.graph.stages.push(stage.clone());
            self.places.push((usize::MAX, 0));
            self.runs.push(None);
        }
        let mut last = None;
        for edge in &inner.0.edges {
            let from = if edge.from == Point::Outside { Point::At(pass) } else { moved(edge.from) };
            match (from, edge.to) {
                (Point::At(from), Point::Outside) => last = Some(from),
                (from, to) => self.graph.edges.push(Link { from, to: moved(to), ..edge.clone() }),
            }
        }
        last
    }

    fn leads(&mut self, from: Point, arrow: Arrow, branch: Branch, leads: Leads) {
        let (branch, event) = branch.unzip();
        if leads.discard {
            self.known(from, Point::Nowhere, arrow, branch.clone(), event);
        }
        if self.tail == Some(leads.id) {
            self.known(from, Point::Outside, arrow, branch.clone(), event);
        }
        let several = leads.groups.len() > 1;
        for (group, bundle) in leads.groups.into_iter().enumerate() {
            let share = match bundle.legs.len() {
                _ if bundle.keyed => Share::ByKey(None),
                2.. => Share::ToAny,
                _ if several => Share::ToAll,
                _ => Share::Alone,
            };
            for leg in bundle.legs {
                let (branch, share, to) = (branch.clone(), share.clone(), Target::Leg(leg));
                self.loose.push(Loose { from, arrow, branch, event, share, group, to });
            }
        }
        for Fork { pattern, event, leads } in leads.branches {
            self.dropped(from, arrow);
            self.forks += 1;
            self.leads(from, arrow, Some((pattern, event)), leads);
        }
    }

    /// It has its place among the others of its end all the same.
    fn known(&mut self, from: Point, to: Point, arrow: Arrow, branch: Option<Arc<str>>, event: Option<Type>) {
        let (share, group, to) = (Share::Alone, 0, Target::Point(to));
        self.loose.push(Loose { from, arrow, branch, event, share, group, to });
    }

    fn edge(&mut self, from: Point, to: Point, arrow: Arrow) -> &mut Link {
        let at = self.graph.edges.len();
        let (share, group, feedback, options) = (Share::Alone, 0, None, Vec::new());
        self.graph.edges.push(Link { from, to, arrow, share, group, event: None, branch: None, feedback, options });
        &mut self.graph.edges[at]
    }

    /// The graph, now that all of it was read.
    fn finish(mut self) -> Topology {
        let mut called: HashMap<(Point, bool, Point), usize> = HashMap::new();
        for Loose { from, arrow, branch, event, mut share, group, to } in std::mem::take(&mut self.loose) {
            let mut feedback = None;
            let mut leg = match to {
                Target::Leg(leg) => leg,
                Target::Point(to) => {
                    let edge = self.edge(from, to, arrow);
                    (edge.branch, edge.event) = (branch, event);
                    continue;
                }
            };
            if let Some((back, room)) = self.backs.get(&leg.to) {
                (leg, feedback) = (back.clone(), Some(*room));
            }
            // What leads out of the graph leads to its open end.
            let to = self.intakes.get(&leg.to).map_or(Point::Outside, |&stage| Point::At(stage));
            let nth = called.entry((from, arrow == Arrow::OfErrors, to)).or_default();
            let text = self.called(from, arrow, to, *nth);
            *nth += 1;
            if let Share::ByKey(key) = &mut share {
                *key = text.map(Into::into);
            }
            let edge = self.edge(from, to, arrow);
            (edge.branch, edge.event) = (branch, event);
            (edge.share, edge.group, edge.feedback) = (share, group, feedback);
            if leg.differs {
                edge.options = Limits::written(leg.limits);
            }
        }
        for edge in &mut self.graph.edges {
            let types = |point: Point| match point {
                Point::At(stage) => Some(self.graph.stages[stage].types),
                _ => None,
            };
            let (from, to) = (types(edge.from), types(edge.to));
            let of =
                if edge.arrow == Arrow::OfErrors { from.and_then(|of| of.fails) } else { from.and_then(|of| of.emits) };
            edge.event = edge.event.or(of).or(to.and_then(|of| of.takes));
        }
        // As in a summary, two stages of one name are numbered.
        let mut seen: HashMap<Arc<str>, usize> = HashMap::new();
        for stage in &mut self.graph.stages {
            let n = seen.entry(stage.base.clone()).and_modify(|n| *n += 1).or_insert(1);
            stage.name = if *n > 1 { format!("{} {n}", stage.base).into() } else { stage.base.clone() };
        }
        // In the order of the stages that they leave; what comes from outside is first.
        let mut leaving: Vec<Vec<Link>> = vec![Vec::new(); self.graph.stages.len() + 1];
        for edge in self.graph.edges.drain(..) {
            let place = match edge.from {
                Point::At(stage) => stage + 1,
                _ => 0,
            };
            leaving[place].push(edge);
        }
        for mut edges in leaving {
            self.graph.edges.append(&mut edges);
        }
        Topology(Arc::new(self.graph))
    }

    /// What the macro calls the `nth` edge between the two.
    fn called(&self, from: Point, arrow: Arrow, to: Point, nth: usize) -> Option<&'static str> {
        let Point::At(from) = from else { return None };
        let (stage, part) = self.places[from];
        let to = match to {
            Point::At(to) => self.places[to].0,
            _ => usize::MAX,
        };
        let drawing = self.runs[from]?;
        let is_it = |called: &&Called| {
            (called.stage, called.part, called.errors, called.to) == (stage, part, arrow == Arrow::OfErrors, to)
        };
        drawing.called.iter().filter(is_it).nth(nth).map(|called| called.text)
    }
}

fn stage(part: &Part, begins: bool, drawing: Option<&'static Drawing>, spot: Option<&'static Spot>) -> Vertex {
    let text = |text: &'static str| (!text.is_empty()).then(|| text.into());
    let place = match (drawing, spot) {
        (Some(drawing), Some(spot)) if spot.line > 0 => {
            Place { file: drawing.file, line: spot.line, column: spot.column }
        }
        _ => part.place,
    };
    Vertex {
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
