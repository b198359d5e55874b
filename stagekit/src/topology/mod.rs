//! The graph of a pipeline as data, and as a picture.
//!
//! [`Pipeline::topology`](crate::Pipeline::topology) reads it from what the pipeline is wired of, so it cannot say anything
//! else than what runs, and a graph built by hand with [`builder`](crate::builder) has the same one. What only the text of a
//! `pipeline!` knows (where a stage stands, how a closure or a key was written) is passed along by the macro.
//!
//! ```
//! # use stagekit::prelude::*;
//! #[producer_consumer]
//! fn halve(n: u64) -> Result<u64, String> {
//!     if n % 3 == 0 { Err(format!("{n} is a multiple of three")) } else { Ok(n / 2) }
//! }
//! #[consumer]
//! fn add(n: u64, sum: &mut u64) { *sum += n; }
//! #[consumer]
//! fn complain(error: String) { eprintln!("{error}"); }
//!
//! let pipeline = pipeline! { { from_iter(1..10u64) } => halve else complain -> |n| n + 1 => add(0).workers(2) };
//! assert_eq!(pipeline.to_string(), "\
//! from_iter(1..10u64)   u64
//! => halve              u64
//!    else String => complain
//! -> map |n| n + 1      u64
//! => add.workers(2)");
//!
//! let topology = pipeline.topology();
//! assert_eq!(topology.stage("halve").unwrap().emits().unwrap().to_string(), "u64");
//! std::fs::write(std::env::temp_dir().join("halve.svg"), topology.to_svg()).unwrap();
//! ```
//!
//! | picture | |
//! | --- | --- |
//! | `Display` of a [`Pipeline`](crate::Pipeline) or a [`Topology`] | a tree of text |
//! | [`to_svg`](Topology::to_svg) | from left to right; what is fused stands in one frame, `else` is red, `feedback` leads back below; the colours follow the reader's light or dark |
//! | [`to_mermaid`](Topology::to_mermaid) | for GitHub, GitLab, mdBook |
//! | [`to_dot`](Topology::to_dot) | for Graphviz |
//! | [`#[picture]`](macro@crate::picture) | the SVG in `cargo doc`, on the function that declares the pipeline |

mod draw;
mod reading;
mod sketch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use reading::{Bundle, Fork, Leads, Leg, OpenEnds, Part, Reading};
pub(crate) use sketch::read;
#[doc(hidden)]
pub use sketch::{Called, Drawing, Dropped, Spot};

use crate::options::{Options, Policy};

/// The graph of a pipeline: its stages, and the edges between them. A cheap clone.
#[derive(Clone)]
pub struct Topology(Arc<Graph>);

#[derive(Clone, Default)]
struct Graph {
    stages: Vec<Vertex>,
    edges: Vec<Link>,
}

/// A stage of a graph.
#[derive(Clone)]
pub struct Vertex {
    /// As it was given: [`name`](Vertex::name) tells two of one name apart.
    base: Arc<str>,
    name: Arc<str>,
    bound: Option<Arc<str>>,
    text: Option<Arc<str>>,
    role: Role,
    types: Types,
    options: Options,
    place: Place,
    /// It passes on what a segment gets.
    is_segment: bool,
}

/// What a stage does with events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It begins a path.
    Producer,
    /// It takes events and emits events.
    ProducerConsumer,
    /// It ends a path.
    Consumer,
}

/// Where a stage stands in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as the compiler was told it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

/// The type of an event, or of an error. Its `Display` is the name without the paths of `std`, `core` and `alloc`.
#[derive(Clone, Copy)]
pub struct Type(pub(crate) fn() -> &'static str);

/// What a stage takes, emits and fails with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Types {
    pub(crate) takes: Option<Type>,
    pub(crate) emits: Option<Type>,
    pub(crate) fails: Option<Type>,
}

/// An edge of a graph: from a stage, its errors, or an open beginning, to a stage, an open end, or nowhere.
#[derive(Clone, Debug)]
pub struct Link {
    from: Point,
    to: Point,
    arrow: Arrow,
    share: Share,
    group: usize,
    event: Option<Type>,
    branch: Option<Arc<str>>,
    feedback: Option<usize>,
    options: Vec<String>,
}

/// Where an edge begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// The stage of this number in [`Topology::stages`].
    At(usize),
    /// `..`
    Outside,
    /// `_`: the events are discarded.
    Nowhere,
}

/// What kind of edge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Arrow {
    /// `=>`: a subscription, with demand.
    Subscribed,
    /// `->`: the next function in the same loop.
    Inline,
    /// `else`: the errors of the stage.
    OfErrors,
}

/// How the events of a stage, or of a branch, are shared out among the edges that leave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Share {
    /// It is the only edge.
    Alone,
    /// `[a, b]`: every edge gets every event.
    ToAll,
    /// `any [a, b]`: whoever asks.
    ToAny,
    /// `by |e| key [a, b]`: one key, one stage; with the key as it was written, if `pipeline!` wrote it.
    ByKey(Option<Arc<str>>),
}

impl Topology {
    /// All stages, in the order of a [`Summary`](crate::Summary), and under the same names.
    pub fn stages(&self) -> &[Vertex] {
        &self.0.stages
    }

    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&Vertex> {
        self.0.stages.iter().find(|stage| &*stage.name == name)
    }

    /// All edges.
    pub fn edges(&self) -> &[Link] {
        &self.0.edges
    }

    /// A flowchart for Mermaid, which GitHub, GitLab and mdBook draw from a block of code marked `mermaid`.
    pub fn to_mermaid(&self) -> String {
        crate::picture::mermaid(&draw::picture(self))
    }

    /// A graph for Graphviz.
    pub fn to_dot(&self) -> String {
        crate::picture::dot(&draw::picture(self))
    }

    /// A picture, laid out from left to right, that is at home on light and on dark. The text under the pointer says what is
    /// known of a stage.
    pub fn to_svg(&self) -> String {
        crate::picture::svg(&draw::picture(self), crate::picture::Ground::File)
    }
}

/// The tree of text: a line for each stage, with what it emits; branches are indented, and what was shown is `(above)`.
impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::picture::tree(&draw::picture(self)))
    }
}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topology").field("stages", &self.0.stages).field("edges", &self.0.edges).finish()
    }
}

impl Vertex {
    /// Its name in summaries, logs and errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that `let` gave it.
    pub fn bound(&self) -> Option<&str> {
        self.bound.as_deref()
    }

    /// The closure, or the expression in braces, as it was written in `pipeline!`.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Its role in this graph.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The events it takes; none if it is a producer.
    pub fn takes(&self) -> Option<Type> {
        self.types.takes
    }

    /// The events it emits; none if it is a consumer.
    pub fn emits(&self) -> Option<Type> {
        self.types.emits
    }

    /// Its error; none if it cannot fail.
    pub fn fails(&self) -> Option<Type> {
        self.types.fails
    }

    /// How many instances share its work.
    pub fn workers(&self) -> usize {
        self.options.workers
    }

    /// The options that were set, as they would be written: `max_demand(20)`.
    pub fn options(&self) -> Vec<String> {
        options(&self.options)
    }

    /// Where it stands in the source: its own token in `pipeline!`, or the call of the builder.
    pub fn location(&self) -> Place {
        self.place
    }
}

impl fmt::Debug for Vertex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage")
            .field("name", &self.name)
            .field("role", &self.role)
            .field("takes", &self.types.takes)
            .field("emits", &self.types.emits)
            .field("fails", &self.types.fails)
            .field("options", &self.options())
            .field("location", &format_args!("{}", self.place))
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Type {
    /// The name in full, as [`std::any::type_name`] has it.
    pub fn full_name(&self) -> &'static str {
        (self.0)()
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&draw::short(self.full_name()))
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Link {
    /// Where it begins.
    pub fn from(&self) -> Point {
        self.from
    }

    /// Where it leads.
    pub fn to(&self) -> Point {
        self.to
    }

    /// What kind of edge it is.
    pub fn arrow(&self) -> Arrow {
        self.arrow
    }

    /// How it shares the events with the other edges of its stage.
    pub fn share(&self) -> &Share {
        &self.share
    }

    /// Which `any` or `by` of its stage it belongs to: edges of one group share one event.
    pub fn group(&self) -> usize {
        self.group
    }

    /// What travels along it.
    pub fn event(&self) -> Option<Type> {
        self.event
    }

    /// The pattern of the branch it leads out of, as it was written: `=> match { pattern => .. }`.
    pub fn branch(&self) -> Option<&str> {
        self.branch.as_deref()
    }

    /// How many events go round at once, if it closes a loop: `=> feedback(n) name`.
    pub fn feedback(&self) -> Option<usize> {
        self.feedback
    }

    /// The options of this subscription alone.
    pub fn options(&self) -> &[String] {
        &self.options
    }
}

/// The options that are not as they are by default.
fn options(options: &Options) -> Vec<String> {
    let Options { limits, workers, concurrency, unordered, batch, buffer, .. } = options;
    let mut set = limits.written();
    let mut add = |set_it: bool, text: String| set.extend(set_it.then_some(text));
    let policy = |policy: Policy| if policy == Policy::Skip { "skip()" } else { "stop()" };
    add(*workers != 1, format!("workers({workers})"));
    add(*concurrency != 1, format!("concurrency({concurrency})"));
    add(*unordered, "unordered()".into());
    if let Some((size, every)) = batch {
        add(true, format!("batch({size}, {})", span(*every)));
    }
    if let Some((size, overflow)) = buffer {
        add(true, format!("buffer({size}, {overflow:?})"));
    }
    if let Some(limit) = options.timeout {
        add(true, format!("timeout({})", span(limit)));
    }
    if let Some((attempts, rest)) = options.retry {
        add(true, format!("on_error(retry({attempts}, {}))", span(rest)));
    }
    add(options.on_error != Policy::Stop, format!("on_error({})", policy(options.on_error)));
    if let Some(on_panic) = options.on_panic {
        add(true, format!("on_panic({})", policy(on_panic)));
    }
    if let Some(restart) = options.restart {
        add(true, format!("restart({} in {})", restart.limit, span(restart.window)));
    }
    add(options.blocking, "blocking()".into());
    add(options.own_task, "own_task()".into());
    add(!options.poll_every.is_zero(), format!("poll_every({})", span(options.poll_every)));
    set
}

/// `5s`, `20ms`
fn span(time: Duration) -> String {
    format!("{time:?}")
}
