//! The graph that was meant: names resolved, lists taken apart into edges. What makes no sense is noted and left out,
//! so that whoever reads a [`Graph`] finds only vertices that exist.

use std::collections::HashMap;

use proc_macro2::{Ident, Span};

use super::ast::{Arrow, Feedback, Item, Key, List, Mode, Node, Opt, Path, Source, Stage, Target};
use super::branches::Match;
use crate::diagnostic::Diagnostics;

/// The options that a subscription does not have.
const OF_A_NODE: [&str; 13] = [
    "name",
    "workers",
    "concurrency",
    "unordered",
    "timeout",
    "batch",
    "buffer",
    "on_error",
    "on_panic",
    "restart",
    "blocking",
    "own_task",
    "poll_every",
];

/// The word is an option of a node or of an edge.
pub(crate) fn is_option(word: &Ident) -> bool {
    OF_A_NODE.iter().chain(&["max_demand", "min_demand"]).any(|option| word == option)
}

#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) splits: Vec<Split>,
    /// `independent;`: there are several graphs.
    pub(crate) independent: Option<Span>,
    /// Two `let`s of one name.
    pub(crate) doubles: Vec<(Ident, Ident)>,
    /// Where the names of `let`s are used.
    pub(crate) uses: Vec<Ident>,
    /// Said to the user without stopping anything.
    pub(crate) warnings: Vec<(Span, String)>,
}

/// One instance of a stage.
pub(crate) struct Vertex {
    /// `None` where the parser or the lowering has reported a mistake.
    pub(crate) node: Option<Node>,
    /// The name given by `let`.
    pub(crate) bound: Option<Ident>,
    /// The `else` behind it.
    pub(crate) caught: Option<Span>,
    /// Its place in the text.
    pub(crate) order: (usize, usize),
}

/// Where events leave a stage: the stage itself, or its `else`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) vertex: usize,
    pub(crate) errors: bool,
}

pub(crate) struct Edge {
    pub(crate) from: End,
    pub(crate) to: usize,
    pub(crate) arrow: Arrow,
    /// The `any` or `by` list it is a leg of.
    pub(crate) split: Option<usize>,
    /// The token that names the stage it leads to.
    pub(crate) at: Span,
    /// The options of the subscription to a stage that is bound with `let`.
    pub(crate) options: Vec<Opt>,
    /// It closes a loop.
    pub(crate) back: Option<Box<Feedback>>,
}

/// An `any` or `by` list behind one end.
pub(crate) struct Split {
    pub(crate) from: End,
    pub(crate) span: Span,
    pub(crate) key: Option<std::rc::Rc<Key>>,
    /// The split of the list's first end, whose key the others use.
    pub(crate) first: Option<usize>,
}

/// What leads into the next target of a path.
#[derive(Clone, Copy)]
struct Feed {
    end: End,
    split: Option<usize>,
}

impl Graph {
    /// Lowers what the user wrote.
    pub(crate) fn new(source: Source, errors: &mut Diagnostics) -> Self {
        let mut lowering = Lowering { graph: Graph::default(), names: HashMap::new(), errors, order: (0, 0) };
        lowering.source(source);
        lowering.graph
    }

    /// The edges into a vertex, but for those that close a loop.
    pub(crate) fn edges_into(&self, vertex: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.to == vertex && edge.back.is_none())
    }

    /// The edges out of an end.
    pub(crate) fn edges_out_of(&self, end: End) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == end)
    }

    /// The stage emits into nothing: it ends its path.
    pub(crate) fn is_last(&self, vertex: usize) -> bool {
        self.edges_out_of(End { vertex, errors: false }).next().is_none()
    }

    /// A task that several edges lead into, or that has a name.
    pub(crate) fn is_shared(&self, vertex: usize) -> bool {
        let edges = self.edges_into(vertex).count();
        self.is_stage(vertex) && (edges > 1 || self.vertices[vertex].bound.is_some() && edges == 1)
    }

    /// Every leg of this end gets every event.
    pub(crate) fn broadcasts(&self, end: End) -> bool {
        self.edges_out_of(end).count() > 1 && self.splits.iter().all(|split| split.from != end)
    }

    /// The vertices that nothing leads into, in the order of the text.
    pub(crate) fn heads(&self) -> Vec<usize> {
        let mut heads: Vec<usize> =
            (0..self.vertices.len()).filter(|&vertex| self.edges_into(vertex).next().is_none()).collect();
        heads.sort_by_key(|&vertex| self.vertices[vertex].order);
        heads
    }

    /// Neither `_` nor `..` nor a `match` nor nothing at all.
    pub(crate) fn is_stage(&self, vertex: usize) -> bool {
        self.stage(vertex).is_some_and(Stage::is_stage)
    }

    /// A branch of a `match` whose events are discarded.
    pub(crate) fn is_discarded(&self, branch: usize) -> bool {
        let to = |edge: &Edge| matches!(self.stage(edge.to), Some(Stage::Discard(_)));
        let Some(Stage::Branch(is)) = self.stage(branch) else { return false };
        is.dead || self.edges_out_of(End { vertex: branch, errors: false }).all(to)
    }

    pub(crate) fn stage(&self, vertex: usize) -> Option<&Stage> {
        self.vertices[vertex].node.as_ref().map(|node| &node.stage)
    }

    /// How messages name a vertex.
    pub(crate) fn label(&self, vertex: usize) -> String {
        match &self.vertices[vertex] {
            Vertex { bound: Some(name), .. } => name.to_string(),
            Vertex { node: Some(node), .. } => node.label(),
            _ => "..".into(),
        }
    }

    /// The user's token for a vertex.
    pub(crate) fn span(&self, vertex: usize) -> Span {
        match &self.vertices[vertex] {
            Vertex { node: Some(node), .. } => node.span(),
            _ => Span::call_site(),
        }
    }
}

struct Lowering<'a> {
    graph: Graph,
    names: HashMap<Ident, usize>,
    errors: &'a mut Diagnostics,
    order: (usize, usize),
}

impl Lowering<'_> {
    fn source(&mut self, source: Source) {
        self.graph.independent = source.independent;
        // Names are known in the whole graph, before their `let` too.
        let mut paths = Vec::new();
        let mut caught = Vec::new();
        for (order, item) in source.items.into_iter().enumerate() {
            match item {
                Item::Path(path) => paths.push((order, path)),
                Item::Let(name, mut node) => {
                    self.order = (order, 0);
                    if matches!(node.stage, Stage::Discard(_) | Stage::Open(..)) {
                        let text = format!("expected a stage: `let {name} = stage;`");
                        self.errors.error(node.span(), text);
                        continue;
                    }
                    let otherwise = node.otherwise.take();
                    let vertex = self.vertex(Some(node));
                    self.graph.vertices[vertex].bound = Some(name.clone());
                    match self.names.get(&name) {
                        Some(&first) => {
                            let first = self.graph.vertices[first].bound.clone().unwrap_or_else(|| name.clone());
                            self.graph.doubles.push((first, name));
                        }
                        None => _ = self.names.insert(name, vertex),
                    }
                    caught.extend(otherwise.map(|otherwise| (order, vertex, otherwise)));
                }
            }
        }
        for (order, vertex, otherwise) in caught {
            self.order = (order, 1);
            self.otherwise(vertex, otherwise);
        }
        for (order, path) in paths {
            self.order = (order, 1);
            self.path(Vec::new(), None, path);
        }
    }

    fn vertex(&mut self, node: Option<Node>) -> usize {
        let order = self.order;
        self.order.1 += 1;
        self.graph.vertices.push(Vertex { node, bound: None, caught: None, order });
        self.graph.vertices.len() - 1
    }

    fn otherwise(&mut self, vertex: usize, otherwise: super::ast::Otherwise) {
        self.graph.vertices[vertex].caught = Some(otherwise.span);
        let feed = Feed { end: End { vertex, errors: true }, split: None };
        let arrow = Arrow { start: otherwise.span, end: otherwise.span, fused: false };
        self.target(vec![feed], Some(arrow), *otherwise.target, false);
    }

    /// `p else again => feedback(3) p => save`: what was meant goes round behind the `else`.
    fn retried(&mut self, path: &mut Path) {
        let Path { head, rest } = path;
        for at in 0..rest.len().saturating_sub(1) {
            let (before, behind) = rest.split_at_mut(at);
            let (arrow, next) = &mut behind[0];
            let node = match before.last_mut().map_or(&mut *head, |(_, target)| target) {
                Target::Node(node) => node,
                _ => continue,
            };
            let (Target::Feedback(feedback), Some(otherwise)) = (&*next, &mut node.otherwise) else { continue };
            let (room, name) = (&feedback.room, feedback.node.label());
            let first = match &*otherwise.target {
                Target::Node(node) if matches!(node.stage, Stage::Named(_)) => node.label(),
                _ => "..".into(),
            };
            let stage = if let Stage::Named(named) = &node.stage { Some(named.name.clone()) } else { None };
            let bound = stage.filter(|stage| self.names.contains_key(stage));
            let place = bound.as_ref().map_or_else(String::new, |stage| format!(" in the `let` of `{stage}`"));
            let text = format!(
                "behind `else` stands one stage; a path stands in brackets{place}: `else [{first} => feedback({room}) {name}]`"
            );
            self.errors.between(arrow.start, arrow.end, text);
            match bound {
                Some(_) => node.otherwise = None,
                None => *otherwise.target = Target::Missing,
            }
            *next = Target::Missing;
        }
    }

    /// The ends that a path leaves open.
    fn path(&mut self, feeds: Vec<Feed>, arrow: Option<Arrow>, mut path: Path) -> Vec<Feed> {
        self.retried(&mut path);
        let mut feeds = self.target(feeds, arrow, path.head, !path.rest.is_empty());
        let mut rest = path.rest.into_iter().peekable();
        while let Some((arrow, target)) = rest.next() {
            feeds = self.target(feeds, Some(arrow), target, rest.peek().is_some());
        }
        feeds
    }

    fn target(&mut self, feeds: Vec<Feed>, arrow: Option<Arrow>, target: Target, goes_on: bool) -> Vec<Feed> {
        match target {
            Target::List(list) => self.list(feeds, arrow, list),
            Target::Match(branches) => self.branches(feeds, arrow, branches),
            Target::Missing => self.missing(feeds, arrow),
            Target::Node(node) => self.node(feeds, arrow, node, goes_on),
            Target::Feedback(feedback) => self.feedback(feeds, arrow, *feedback, goes_on),
        }
    }

    /// A loop is closed.
    fn feedback(&mut self, feeds: Vec<Feed>, arrow: Option<Arrow>, mut feedback: Feedback, goes_on: bool) -> Vec<Feed> {
        let (span, at, name) = (feedback.span, feedback.node.span(), feedback.node.label());
        let Some(mut arrow) = arrow else {
            let text = format!("`feedback` closes a loop, so it cannot begin a path: `last => feedback(64) {name}`");
            self.errors.error(span, text);
            return self.missing(feeds, arrow);
        };
        if std::mem::take(&mut arrow.fused) {
            let text = "`->` stays in one task, and what goes back along a loop has to wait its turn: use `=>`";
            self.errors.between(arrow.start, arrow.end, text);
        }
        if goes_on {
            let text = format!("`feedback` leads back to `{name}`: what comes of it there goes on behind `{name}`");
            self.errors.error(span, text);
            return self.missing(feeds, Some(arrow));
        }
        let bound = self.names.iter().find(|(bound, _)| *bound == &name).map(|(_, &vertex)| vertex);
        let Some(vertex) = bound else {
            let near = |known: &&Ident| crate::words::distance(&known.to_string(), &name) <= 2;
            let text = match self.names.keys().filter(near).min() {
                Some(meant) if name.len() > 3 => format!("no stage is bound as `{name}`: did you mean `{meant}`?"),
                _ => format!("`feedback` leads back to one instance of `{name}`: bind it, `let {name} = {name};`"),
            };
            self.errors.error(at, text);
            return self.missing(feeds, Some(arrow));
        };
        self.of_an_edge(&mut feedback.node, &name);
        let options = std::mem::take(&mut feedback.node.options);
        for feed in feeds {
            let (options, back) = (options.clone(), feedback.again());
            self.graph.edges.push(Edge { from: feed.end, to: vertex, arrow, split: feed.split, at, options, back });
        }
        Vec::new()
    }

    /// Takes away what belongs to the stage.
    fn of_an_edge(&mut self, node: &mut Node, name: &str) {
        node.options.retain(|option| {
            let belongs = !OF_A_NODE.contains(&option.name.to_string().as_str());
            if !belongs {
                let text = format!(
                    "`{}` belongs in the `let` of `{name}`: an edge has `max_demand` and `min_demand`",
                    option.name
                );
                self.errors.error(option.name.span(), text);
            }
            belongs
        });
    }

    /// Something that was reported stands here: what leads into it does not end, what follows it is not fed.
    fn missing(&mut self, feeds: Vec<Feed>, arrow: Option<Arrow>) -> Vec<Feed> {
        let vertex = self.vertex(None);
        self.connect(&feeds, arrow, vertex, Span::call_site(), &[]);
        vec![Feed { end: End { vertex, errors: false }, split: None }]
    }

    fn connect(&mut self, feeds: &[Feed], arrow: Option<Arrow>, to: usize, at: Span, options: &[Opt]) {
        let Some(arrow) = arrow else { return };
        for feed in feeds {
            let options = options.to_vec();
            self.graph.edges.push(Edge { from: feed.end, to, arrow, split: feed.split, at, options, back: None });
        }
    }

    fn node(&mut self, feeds: Vec<Feed>, arrow: Option<Arrow>, mut node: Node, goes_on: bool) -> Vec<Feed> {
        let span = node.span();
        if let Stage::Named(named) = &node.stage
            && let Some((room, name)) = super::feedback::in_one(named)
            && self.names.contains_key(&name)
        {
            let text = format!("the stage that the loop leads back to stands behind: `feedback({room}) {name}`");
            self.errors.error(span, text);
            return self.missing(feeds, arrow);
        }
        if let Stage::Named(named) = &node.stage
            && named.bare
            && let Some(&vertex) = self.names.get(&named.name)
        {
            let name = named.name.clone();
            self.graph.uses.push(name.clone());
            if let Some(args) = &named.args {
                self.errors.error(args.span(), format!("`{name}` is bound with `let`: its arguments belong there"));
            }
            if let Some(otherwise) = &node.otherwise {
                let text = format!("`{name}` is one stage: write its `else` in the `let`");
                self.errors.error(otherwise.span, text);
            }
            if let (None, Some(option)) = (arrow, node.options.first()) {
                let text =
                    format!("options of `{name}` belong in its `let`; those of an edge, where an arrow leads into it");
                self.errors.error(option.name.span(), text);
            }
            match arrow {
                Some(_) => self.of_an_edge(&mut node, &name.to_string()),
                None => node.options.clear(),
            }
            self.connect(&feeds, arrow, vertex, span, &node.options);
            return vec![Feed { end: End { vertex, errors: false }, split: None }];
        }
        let wrong = match (&node.stage, arrow) {
            (Stage::Discard(_) | Stage::Open(..), _) if !node.options.is_empty() || node.otherwise.is_some() => {
                Some(format!("`{}` is no stage: it has no options and no `else`", node.label()))
            }
            (Stage::Discard(_), None) => Some("`_` discards events, so it cannot begin a path".into()),
            (Stage::Discard(_), Some(_)) if goes_on => Some("`_` discards the events, so nothing can follow it".into()),
            (Stage::Open(..), Some(_)) if goes_on => {
                Some("`..` marks an open end: it can only stand first or last in a path".into())
            }
            (Stage::Closure(_), None) => Some(
                "a closure needs an upstream stage: begin the path with a producer, or with `{ from_iter(..) }`".into(),
            ),
            _ => None,
        };
        if let Some(text) = wrong {
            self.errors.between(span, node.end(), text);
            return self.missing(feeds, arrow);
        }
        let goes_on = !matches!((&node.stage, arrow), (Stage::Discard(_), _) | (Stage::Open(..), Some(_)));
        let otherwise = node.otherwise.take();
        let vertex = self.vertex(Some(node));
        self.connect(&feeds, arrow, vertex, span, &[]);
        if let Some(otherwise) = otherwise {
            self.otherwise(vertex, otherwise);
        }
        if goes_on { vec![Feed { end: End { vertex, errors: false }, split: None }] } else { Vec::new() }
    }

    fn list(&mut self, mut feeds: Vec<Feed>, mut arrow: Option<Arrow>, list: List) -> Vec<Feed> {
        if let Some(arrow) = arrow.as_mut().filter(|arrow| arrow.fused) {
            let text = "`->` stays in one task and cannot lead into a list; use `=>`";
            self.errors.between(arrow.start, arrow.end, text);
            arrow.fused = false;
        }
        let nested = feeds.iter().any(|feed| feed.split.is_some());
        match list.mode {
            Mode::All if nested && list.legs.len() > 1 => self.nested(list.span),
            Mode::All => {}
            // A shared list in a shared list shares the same work.
            Mode::Any(_) if nested => {}
            Mode::Any(span) => feeds = self.split(feeds, arrow, span, None),
            Mode::By(key) if nested => self.nested(key.span),
            Mode::By(key) => {
                if let [Path { head: Target::Node(node), .. }] = &list.legs[..]
                    && node.option("workers").is_none()
                    // What is bound with `let` has its workers there.
                    && !matches!(&node.stage, Stage::Named(named) if named.bare && self.names.contains_key(&named.name))
                {
                    let text = "one leg, one worker: `by` has no effect".to_owned();
                    self.graph.warnings.push((key.span, text));
                }
                feeds = self.split(feeds, arrow, key.span, Some(key));
            }
        }
        list.legs.into_iter().flat_map(|leg| self.path(feeds.clone(), arrow, leg)).collect()
    }

    /// A vertex for the `match`, and one behind it for each of its branches: what leads on leads out of those.
    fn branches(&mut self, feeds: Vec<Feed>, mut arrow: Option<Arrow>, branches: Match) -> Vec<Feed> {
        let span = branches.span;
        let text = match &feeds[..] {
            _ if arrow.is_none() => {
                Some("`match` reads the events of a stage, so it cannot begin a path: `events => match { .. }`")
            }
            [] | [Feed { split: None, .. }] => None,
            [_] => Some("`match` in a shared list needs a stage before it: `any [|e| e => match { .. }, a]`"),
            _ => Some("several paths lead into `match`: put a stage before it, `[a, b] => |e| e => match { .. }`"),
        };
        if let Some(text) = text {
            self.errors.error(span, text);
        }
        if let Some(arrow) = arrow.as_mut().filter(|arrow| arrow.fused) {
            let text = "`->` stays in one task, and the branches of a `match` leave it; use `=>`";
            self.errors.between(arrow.start, arrow.end, text);
            arrow.fused = false;
        }
        let node = |stage| Some(Node { stage, options: Vec::new(), otherwise: None });
        let stage = node(Stage::Match(span, branches.broken)).filter(|_| text.is_none());
        let vertex = self.vertex(stage);
        self.connect(&feeds, arrow, vertex, span, &[]);
        let mut ends = Vec::new();
        for arm in branches.arms {
            let at = arm.branch.span;
            let branch = self.vertex(node(Stage::Branch(arm.branch)));
            let here = Arrow { start: span, end: span, fused: false };
            self.connect(&[Feed { end: End { vertex, errors: false }, split: None }], Some(here), branch, at, &[]);
            let feed = Feed { end: End { vertex: branch, errors: false }, split: None };
            ends.extend(self.path(vec![feed], Some(arm.arrow), arm.leg));
        }
        ends
    }

    fn nested(&mut self, span: Span) {
        let text = "a list in a shared list needs a stage before it: `any [|e| e => [a, b], c]`";
        self.errors.error(span, text);
    }

    fn split(&mut self, feeds: Vec<Feed>, arrow: Option<Arrow>, span: Span, key: Option<Key>) -> Vec<Feed> {
        if arrow.is_none() {
            let word = if key.is_some() { "by" } else { "any" };
            self.errors.error(span, format!("`{word}` shares out the events of a stage, so it cannot begin a path"));
        }
        let first = self.graph.splits.len();
        let key = key.map(std::rc::Rc::new);
        let mut split = |(index, feed): (usize, Feed)| {
            let first = (index > 0).then_some(first);
            self.graph.splits.push(Split { from: feed.end, span, key: key.clone(), first });
            Feed { split: Some(self.graph.splits.len() - 1), ..feed }
        };
        feeds.into_iter().enumerate().map(&mut split).collect()
    }
}
