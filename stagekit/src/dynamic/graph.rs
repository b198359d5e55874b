//! A graph that is put together when the program runs.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::any_node::{AnyNode, Back, REST};
use super::ends::{At, End, Hook, To};
use super::kinds::Kinds;
use super::set;
use super::types::TypeOf;
use crate::lock::lock;
use crate::op::Event;
use crate::options::Edge;
use crate::outline::{GraphError, Mistake, text};
use crate::pipeline::{Pipeline, build};
use crate::port::{SharedOutlets, outlets};
use crate::stream::Segment;

pub(super) struct Link {
    pub(super) from: At,
    pub(super) hook: Hook,
    pub(super) to: usize,
    pub(super) back: Option<Back>,
    pub(super) edge: Edge,
}

/// An `any` or `by` list.
pub(super) struct List<'k> {
    pub(super) from: At,
    pub(super) key: Option<&'k dyn Any>,
}

/// Cases by name.
pub(super) struct Route<'k> {
    pub(super) from: At,
    pub(super) find: &'k dyn Any,
    pub(super) names: Vec<String>,
    /// The cases whose events are discarded.
    pub(super) discards: Vec<usize>,
}

/// A graph of named nodes, whose edges are checked when they are made, and which is checked as a whole when it is
/// [built](Graph::build): see [the module](crate::dynamic).
///
/// Every mistake is a [`GraphError`]; what was wrong is not done, and the graph is as before.
#[must_use = "a graph does nothing until it is built and run"]
pub struct Graph<'k, A: ?Sized = ()> {
    pub(super) kinds: &'k Kinds<A>,
    pub(super) nodes: Vec<AnyNode>,
    pub(super) names: HashMap<String, usize>,
    pub(super) links: Vec<Link>,
    pub(super) lists: Vec<List<'k>>,
    pub(super) routes: Vec<Route<'k>>,
    pub(super) discards: Vec<At>,
}

impl<A: ?Sized> fmt::Debug for Graph<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.nodes).finish()
    }
}

impl<'k, A: ?Sized> Graph<'k, A> {
    pub(super) fn new(kinds: &'k Kinds<A>) -> Self {
        Graph {
            kinds,
            nodes: Vec::new(),
            names: HashMap::new(),
            links: Vec::new(),
            lists: Vec::new(),
            routes: Vec::new(),
            discards: Vec::new(),
        }
    }

    /// A node of this kind, made from what is given of the configuration.
    ///
    /// # Errors
    /// There is no such kind; its constructor fails; the name is taken. What was given is not shown: let the error of
    /// the constructor say what is wrong with it.
    pub fn add(&mut self, name: &str, kind: &str, given: &A) -> Result<(), GraphError> {
        let node = self.kinds.make(name, kind, given)?;
        self.put(name, node)
    }

    /// A node that is there already, typed as it is: [`stage`](super::stage) or [`producer`](super::producer).
    ///
    /// # Errors
    /// The name is taken, or it is `_`.
    pub fn put(&mut self, name: &str, mut node: AnyNode) -> Result<(), GraphError> {
        if name == REST {
            return Err(Mistake::new(name, "`_` is no name of a node: it is where events are discarded").into());
        }
        if self.names.contains_key(name) {
            return Err(text::two_of_one_name(name).into());
        }
        node.options.name = name.into();
        self.names.insert(name.to_owned(), self.nodes.len());
        self.nodes.push(node);
        Ok(())
    }

    /// Sets an option of a node, by the name it has as a method of [`Node`](crate::Node):
    ///
    /// | option | value |
    /// |---|---|
    /// | `max_demand`, `min_demand`, `workers`, `concurrency` | a number |
    /// | `unordered`, `blocking`, `own_task` | `true`, `false`; nothing is `true` |
    /// | `on_error`, `on_panic` | `stop`, `skip` |
    /// | `batch` | `50 200ms` |
    /// | `buffer` | `100`, `100 drop_oldest`, `drop_newest`, `fail`, `wait` |
    /// | `restart` | `3 5s` |
    /// | `poll_every` | `200ms` |
    ///
    /// `workers`, `restart` and `concurrency` need something of the stage (`Clone` of its state, an `async fn`), so its
    /// constructor calls the typed option: `node!(double.workers(1))` may have four of them here. `timeout` and `retry`
    /// are its constructor's altogether.
    ///
    /// # Errors
    /// An unknown node or option, a value of another form, an option that the node does not have. Whether the value
    /// can work is checked by [`build`](Graph::build).
    pub fn set(&mut self, name: &str, option: &str, value: impl ToString) -> Result<(), GraphError> {
        let node = self.find(name)?;
        ours(set::set(&mut self.nodes[node], option, &value.to_string()))
    }

    /// `from => to`. Several edges from one node are a broadcast, `from => [a, b]`; several edges to one node are a
    /// fan-in. To lead back, [`feedback`](super::feedback).
    ///
    /// # Errors
    /// An unknown name; the event does not fit; a broadcast of what cannot be copied; an edge that is there already.
    pub fn link<'a, 'b>(&mut self, from: impl Into<End<'a>>, to: impl Into<To<'b>>) -> Result<(), GraphError> {
        self.link_with(from, to, Edge::new())
    }

    /// The same, with options of this edge: `from => to.max_demand(5)` where `to` is bound with `let`.
    ///
    /// # Errors
    /// As [`link`](Graph::link).
    pub fn link_with<'a, 'b>(
        &mut self,
        from: impl Into<End<'a>>,
        to: impl Into<To<'b>>,
        edge: Edge,
    ) -> Result<(), GraphError> {
        let to = to.into();
        if to.name == REST && to.back.is_none() {
            return self.discard(from);
        }
        let from = self.at(from.into())?;
        ours(self.tie(from, Hook::Bare, &[to], edge))
    }

    /// `from => any [a, b]`: they share the work.
    ///
    /// # Errors
    /// As [`link`](Graph::link).
    pub fn any<'a, 'b, T: Into<To<'b>>>(
        &mut self,
        from: impl Into<End<'a>>,
        to: impl IntoIterator<Item = T>,
    ) -> Result<(), GraphError> {
        let from = self.at(from.into())?;
        let to: Vec<To<'_>> = to.into_iter().map(Into::into).collect();
        ours(self.list(from, None, &to))
    }

    /// `from => by |e| key [a, b]`: events of one key go to one stage, or to one of its workers. The key is
    /// [known by its name](Kinds::key).
    ///
    /// # Errors
    /// As [`link`](Graph::link); an unknown key, or one of other events.
    pub fn by<'a, 'b, T: Into<To<'b>>>(
        &mut self,
        from: impl Into<End<'a>>,
        key: &str,
        to: impl IntoIterator<Item = T>,
    ) -> Result<(), GraphError> {
        let from = self.at(from.into())?;
        let to: Vec<To<'_>> = to.into_iter().map(Into::into).collect();
        let found = self.kinds.find_key(self.nodes[from.node].name(), key)?;
        let found = ours(self.of_the_event(from, key, found))?;
        ours(self.list(from, Some(found), &to))
    }

    fn list(&mut self, from: At, key: Option<&'k dyn Any>, to: &[To<'_>]) -> Result<(), GraphError> {
        if to.is_empty() {
            return Err(text::empty_list(&self.label(from)).into());
        }
        if to.iter().any(|to| to.name == REST) {
            return Err(text::discard_beside_others(&self.label(from)).into());
        }
        self.tie(from, Hook::List(self.lists.len()), to, Edge::new())?;
        self.lists.push(List { from, key });
        Ok(())
    }

    /// `from => match { .. }`: each event goes where its case says. Which case it is of, the function says that the route's
    /// name is [known for](Kinds::route); all others go where the case `_` leads, which there must be. A case that leads
    /// to `_` discards its events.
    ///
    /// ```
    /// use stagekit::dynamic::{Kinds, node, producer, stage};
    /// use stagekit::prelude::*;
    ///
    /// #[consumer]
    /// fn add(n: u64, sum: &mut u64) { *sum += n; }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut kinds: Kinds = Kinds::new();
    /// kinds.route("parity", |n: &u64| if n % 2 == 0 { "even" } else { "odd" });
    /// let mut graph = kinds.graph();
    /// graph.put("numbers", producer(from_iter(0..10u64)))?;
    /// graph.put("total", stage(node!(add(0))))?;
    /// graph.route("numbers", "parity", [("even", "total"), ("_", "_")])?;
    /// let total = graph.kept::<u64>("total")?;
    /// graph.build()?.run().await?;
    /// assert_eq!(total.take(), [20]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`link`](Graph::link); an unknown route, or one of other events; two cases of one name; no case `_`; another
    /// route from there.
    pub fn route<'a, 'b, C: AsRef<str>, T: Into<To<'b>>>(
        &mut self,
        from: impl Into<End<'a>>,
        route: &str,
        cases: impl IntoIterator<Item = (C, T)>,
    ) -> Result<(), GraphError> {
        let from = self.at(from.into())?;
        let label = self.label(from);
        let wrong = |text: String| Err(Mistake::new(&label, text).into());
        let found = self.kinds.find_route(self.nodes[from.node].name(), route)?;
        let find = ours(self.of_the_event(from, route, found))?;
        if self.routes.iter().any(|other| other.from == from) {
            return wrong(format!("`{label}` has a route already: give it all cases at once"));
        }
        let (mut names, mut to) = (Vec::<String>::new(), Vec::new());
        for (name, target) in cases {
            if names.iter().any(|other| other == name.as_ref()) {
                return wrong(format!("the route `{route}` of `{label}` has two cases `{}`", name.as_ref()));
            }
            names.push(name.as_ref().to_owned());
            to.push(target.into());
        }
        if !names.iter().any(|name| name == REST) {
            return wrong(format!(
                "the route `{route}` of `{label}` has no case `_`: say where all other events go, or `(\"_\", \"_\")` to discard them"
            ));
        }
        let (count, mut discards) = (self.links.len(), Vec::new());
        for (at, to) in to.into_iter().enumerate() {
            if to.name == REST && to.back.is_none() {
                discards.push(at);
            } else if let Err(error) = self.tie(from, Hook::Case(self.routes.len(), at), &[to], Edge::new()) {
                self.links.truncate(count);
                return ours(Err(error));
            }
        }
        self.routes.push(Route { from, find, names, discards });
        Ok(())
    }

    /// `from => _`: the events are discarded.
    ///
    /// # Errors
    /// An unknown name; a consumer; the errors of what cannot fail.
    pub fn discard<'a>(&mut self, from: impl Into<End<'a>>) -> Result<(), GraphError> {
        let from = self.at(from.into())?;
        ours(self.emits(from))?;
        self.discards.push(from);
        Ok(())
    }

    /// What a node keeps (`&mut T` and `#[state]`), to be taken when the pipeline has finished.
    ///
    /// # Errors
    /// An unknown name; a node that keeps nothing, or something of another type.
    pub fn kept<T: Send + 'static>(&self, name: &str) -> Result<Kept<T>, GraphError> {
        let node = &self.nodes[self.find(name)?];
        match node.erased.kept() {
            Some((of, kept)) => kept.downcast().map(|kept| Kept(*kept)).map_err(|_| {
                let wanted = TypeOf::of::<T>().text();
                Mistake::new(name, format!("`{name}` keeps `{}`, not `{wanted}`", of.text())).into()
            }),
            None => Err(Mistake::new(name, format!("`{name}` is a producer, and keeps nothing")).into()),
        }
    }

    /// The pipeline, if the graph is sound as a whole: what [`pipeline!`](crate::pipeline) checks when it is compiled.
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn build(self) -> Result<Pipeline, GraphError> {
        let (stages, _) = ours(self.place(None, None))?;
        ours(build(stages))
    }

    /// The graph as a piece of a pipeline, `.. => first, last => ..`: a node of a typed one, in braces.
    ///
    /// # Errors
    /// As [`link`](Graph::link) and [`build`](Graph::build).
    pub fn build_segment<In: Event, Out: Event>(self, first: &str, last: &str) -> Result<Segment<In, Out>, GraphError> {
        ours(self.segment(first, last))
    }

    fn segment<In: Event, Out: Event>(self, first: &str, last: &str) -> Result<Segment<In, Out>, GraphError> {
        let (first, last) = (self.find(first)?, At { node: self.find(last)?, errors: false });
        let (down, up) = (&self.nodes[first], self.nodes[last.node].name());
        match down.takes {
            None => return Err(text::takes_no_events(down.name(), "..").into()),
            Some(takes) if takes.id != TypeOf::of::<In>().id => {
                return Err(text::event("..", &TypeOf::of::<In>().text(), down.name(), &takes.text()).into());
            }
            Some(_) => {}
        }
        let emits = self.emits(last)?;
        if emits.id != TypeOf::of::<Out>().id {
            return Err(text::event(up, &emits.text(), "..", &TypeOf::of::<Out>().text()).into());
        }
        let head = outlets::<In>();
        let (stages, tail) = self.place(Some((first, &head)), Some(last.node))?;
        match tail.and_then(|tail| tail.downcast::<SharedOutlets<Out>>().ok()) {
            Some(tail) => Segment::new(head, *tail, stages).checked(),
            None => unreachable!("the type of the open end was compared"),
        }
    }
}

/// Mistakes in the words of a graph by name.
fn ours<T, E: Into<GraphError>>(result: Result<T, E>) -> Result<T, GraphError> {
    result.map_err(|error| error.into().of_a_graph())
}

/// What a node of a graph keeps; see [`Graph::kept`].
#[derive(Debug)]
pub struct Kept<T>(Arc<Mutex<Vec<T>>>);

impl<T> Kept<T> {
    /// One state for each worker, when the pipeline has finished; nothing before, or if it failed.
    pub fn take(self) -> Vec<T> {
        std::mem::take(&mut lock(&self.0))
    }
}
