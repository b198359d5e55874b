//! A graph that is put together when the program runs.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use super::any_node::{AnyNode, Standing};
use super::kinds::{Kinds, unknown};
use super::set;
use super::types::TypeOf;
use crate::lock::lock;
use crate::op::Event;
use crate::options::Edge;
use crate::outline::{GraphError, Mistake, text};
use crate::pipeline::{Pipeline, build};
use crate::port::{SharedOutlets, outlets};
use crate::stage::Stage;
use crate::stream::Segment;

/// Where an edge begins: at a node, or at its [`errors_of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End<'a> {
    name: &'a str,
    errors: bool,
}

impl<'a> From<&'a str> for End<'a> {
    fn from(name: &'a str) -> Self {
        End { name, errors: false }
    }
}
impl<'a> From<&'a String> for End<'a> {
    fn from(name: &'a String) -> Self {
        End { name, errors: false }
    }
}

/// The errors of a node, where an edge begins: `graph.link(errors_of("parse"), "quarantine")` is `parse else quarantine`.
pub fn errors_of(name: &str) -> End<'_> {
    End { name, errors: true }
}

/// An [`End`], found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct At {
    node: usize,
    errors: bool,
}

struct Link {
    from: At,
    to: usize,
    list: Option<usize>,
    edge: Edge,
}

/// The outlets of the node whose end is open, a `SharedOutlets`.
type Tail = Option<Box<dyn Any>>;

/// An `any` or `by` list.
struct List<'k> {
    from: At,
    key: Option<&'k dyn Any>,
}

/// A graph of named nodes, whose edges are checked when they are made, and which is checked as a whole when it is
/// [built](Graph::build): see [the module](crate::dynamic).
///
/// Every mistake is a [`GraphError`]; what was wrong is not done, and the graph is as before.
#[must_use = "a graph does nothing until it is built and run"]
pub struct Graph<'k, A: ?Sized = ()> {
    kinds: &'k Kinds<A>,
    nodes: Vec<AnyNode>,
    names: HashMap<String, usize>,
    links: Vec<Link>,
    lists: Vec<List<'k>>,
    discards: Vec<At>,
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
            discards: Vec::new(),
        }
    }

    /// A node of this kind, made from what is given of the configuration.
    ///
    /// # Errors
    /// There is no such kind; its constructor fails; the name is taken.
    pub fn add(&mut self, name: &str, kind: &str, given: &A) -> Result<(), GraphError> {
        let node = self.kinds.make(name, kind, given)?;
        self.put(name, node)
    }

    /// A node that is there already, typed as it is: [`stage`](super::stage) or [`producer`](super::producer).
    ///
    /// # Errors
    /// The name is taken.
    pub fn put(&mut self, name: &str, mut node: AnyNode) -> Result<(), GraphError> {
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
        Ok(set::set(&mut self.nodes[node], option, &value.to_string())?)
    }

    /// `from => to`. Several edges from one node are a broadcast, `from => [a, b]`; several edges to one node are a
    /// fan-in.
    ///
    /// # Errors
    /// An unknown name; the event does not fit; a broadcast of what cannot be copied.
    pub fn link<'a>(&mut self, from: impl Into<End<'a>>, to: &str) -> Result<(), GraphError> {
        self.link_with(from, to, Edge::new())
    }

    /// The same, with options of this edge: `from => to.max_demand(5)` where `to` is bound with `let`.
    ///
    /// # Errors
    /// As [`link`](Graph::link).
    pub fn link_with<'a>(&mut self, from: impl Into<End<'a>>, to: &str, edge: Edge) -> Result<(), GraphError> {
        let (from, to) = (self.at(from.into())?, self.find(to)?);
        self.fits(from, to)?;
        let others = self.links.iter().filter(|link| link.from == from && link.list.is_none());
        let legs: Vec<usize> = others.map(|link| link.to).chain([to]).collect();
        if legs.len() > 1 {
            legs.into_iter().try_for_each(|leg| self.copies(from, leg).map(|_| ()))?;
        }
        self.links.push(Link { from, to, list: None, edge });
        Ok(())
    }

    /// `from => any [a, b]`: they share the work.
    ///
    /// # Errors
    /// As [`link`](Graph::link).
    pub fn any<'a>(&mut self, from: impl Into<End<'a>>, to: &[&str]) -> Result<(), GraphError> {
        self.list(from.into(), None, to)
    }

    /// `from => by |e| key [a, b]`: events of one key go to one stage, or to one of its workers. The key is
    /// [known by its name](Kinds::key).
    ///
    /// # Errors
    /// As [`link`](Graph::link); an unknown key, or one of other events.
    pub fn by<'a>(&mut self, from: impl Into<End<'a>>, key: &str, to: &[&str]) -> Result<(), GraphError> {
        self.list(from.into(), Some(key), to)
    }

    fn list(&mut self, from: End<'_>, key: Option<&str>, to: &[&str]) -> Result<(), GraphError> {
        let from = self.at(from)?;
        if to.is_empty() {
            return Err(text::empty_list(&self.label(from)).into());
        }
        let to = to.iter().map(|to| self.find(to)).collect::<Result<Vec<_>, _>>()?;
        to.iter().try_for_each(|&to| self.fits(from, to))?;
        let emits = self.emits(from)?;
        let key = match key {
            Some(key) => {
                let (of, found) = self.kinds.find_key(self.nodes[from.node].name(), key)?;
                if of.id != emits.id {
                    let label = self.label(from);
                    return Err(text::event(&label, &emits.text(), key, &of.text()).into());
                }
                Some(found)
            }
            None => None,
        };
        self.lists.push(List { from, key });
        let list = Some(self.lists.len() - 1);
        self.links.extend(to.into_iter().map(|to| Link { from, to, list, edge: Edge::new() }));
        Ok(())
    }

    /// `from => _`: the events are discarded.
    ///
    /// # Errors
    /// An unknown name; a consumer; the errors of what cannot fail.
    pub fn discard<'a>(&mut self, from: impl Into<End<'a>>) -> Result<(), GraphError> {
        let from = self.at(from.into())?;
        self.emits(from)?;
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

    /// The pipeline, if the graph is sound as a whole: what [`pipeline!`](crate::pipeline) checks when it is compiled, but for
    /// other edges into the workers of a partition.
    ///
    /// # Errors
    /// All mistakes that were found, in the compiler's words: some advise a form of `pipeline!` that has no name here.
    pub fn build(self) -> Result<Pipeline, GraphError> {
        let (stages, _) = self.place(None, None)?;
        build(stages)
    }

    /// The graph as a piece of a pipeline, `.. => first, last => ..`: a node of a typed one, in braces.
    ///
    /// # Errors
    /// As [`link`](Graph::link) and [`build`](Graph::build).
    pub fn build_segment<In: Event, Out: Event>(self, first: &str, last: &str) -> Result<Segment<In, Out>, GraphError> {
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

    // ------------------------------------------------------------------------------------------------------ questions

    fn find(&self, name: &str) -> Result<usize, GraphError> {
        let known = || self.nodes.iter().map(AnyNode::name);
        self.names.get(name).copied().ok_or_else(|| unknown(name, "node", name, known()))
    }

    fn at(&self, end: End<'_>) -> Result<At, GraphError> {
        Ok(At { node: self.find(end.name)?, errors: end.errors })
    }

    fn label(&self, at: At) -> String {
        let name = self.nodes[at.node].name();
        if at.errors { format!("Else<{name}>") } else { name.to_owned() }
    }

    /// What leaves by an end.
    fn emits(&self, at: At) -> Result<TypeOf, Mistake> {
        let node = &self.nodes[at.node];
        if at.errors {
            node.fails.ok_or_else(|| text::cannot_fail(node.name()))
        } else {
            node.emits.ok_or_else(|| text::after_a_consumer(node.name()))
        }
    }

    fn fits(&self, from: At, to: usize) -> Result<(), Mistake> {
        let (emits, up, down) = (self.emits(from)?, self.label(from), &self.nodes[to]);
        match down.takes {
            None => Err(text::takes_no_events(down.name(), &up)),
            Some(takes) if takes.id != emits.id => Err(text::event(&up, &emits.text(), down.name(), &takes.text())),
            Some(_) => Ok(()),
        }
    }

    /// How a leg of a broadcast gets its events.
    fn copies(&self, from: At, leg: usize) -> Result<&'k dyn Any, Mistake> {
        let (emits, up, leg) = (self.emits(from)?, self.label(from), &self.nodes[leg]);
        self.kinds.way(emits.id, leg.borrows).ok_or_else(|| {
            let event = emits.text();
            let (wrong, say) = if leg.borrows {
                (text::is_not_sync(&up, leg.name(), &event), "lends")
            } else {
                (text::cannot_be_cloned(&up, leg.name(), &event), "clones")
            };
            wrong.also(format!("if it can, tell the kinds: `kinds.{say}::<{event}>()`"))
        })
    }

    // -------------------------------------------------------------------------------------------------------- to stages

    /// The stages, tied together. `head` are outlets that lead into one of them, `tail` is the node whose
    /// outlets are wanted.
    fn place(self, head: Option<(usize, &dyn Any)>, tail: Option<usize>) -> Result<(Vec<Stage>, Tail), GraphError> {
        let ends = self.links.iter().map(|link| link.from).chain(self.discards.iter().copied());
        let caught: HashSet<usize> = ends.filter(|end| end.errors).map(|end| end.node).collect();
        let uncaught = self.nodes.iter().enumerate().filter(|(at, _)| !caught.contains(at));
        let unsettled: Vec<Mistake> = uncaught.filter_map(|(_, node)| node.unsettled()).collect();
        if !unsettled.is_empty() {
            return Err(GraphError::new(unsettled));
        }
        let mut legs = HashMap::<At, usize>::new();
        for link in self.links.iter().filter(|link| link.list.is_none()) {
            *legs.entry(link.from).or_default() += 1;
        }
        let copier = |link: &Link| {
            let broadcasts = link.list.is_none() && legs[&link.from] > 1;
            broadcasts.then(|| self.copies(link.from, link.to)).transpose()
        };
        let copiers = self.links.iter().map(copier).collect::<Result<Vec<_>, _>>()?;

        let place = |(at, node): (usize, AnyNode)| node.erased.place(node.options, caught.contains(&at));
        let standing: Vec<Standing> = self.nodes.into_iter().enumerate().map(place).collect();
        let end = |at: At| match &standing[at.node] {
            Standing { errors: Some(errors), .. } if at.errors => &**errors,
            standing => &*standing.outlets,
        };
        let lists: Vec<usize> = self.lists.iter().map(|list| end(list.from).list(list.key)).collect();
        self.discards.iter().for_each(|&discard| end(discard).discard());
        let into = |to: usize, from: &dyn Any, list, edge, copier| {
            if let Some(intake) = &standing[to].intake {
                intake.connect(from, list, edge, copier);
            }
        };
        for (link, copier) in self.links.iter().zip(copiers) {
            into(link.to, end(link.from).outlets(), link.list.map(|list| lists[list]), link.edge, copier);
        }
        if let Some((first, head)) = head {
            into(first, head, None, Edge::new(), None);
        }
        let tail = tail.map(|tail| standing[tail].outlets.shared());
        Ok((standing.into_iter().map(|standing| standing.stage).collect(), tail))
    }
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
