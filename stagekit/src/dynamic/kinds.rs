//! The kinds of nodes that a graph may be made of, by name.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use super::any_node::{AnyNode, Find, KeyOf, RouteOf};
use super::graph::Graph;
use super::types::TypeOf;
use crate::batch::{Copier, Way, clone_all, lend};
use crate::dispatcher::each_key;
use crate::error::BoxError;
use crate::hash::StableHasher;
use crate::op::Event;
use crate::outline::{GraphError, Mistake};

type Constructor<A> = Box<dyn Fn(&A) -> Result<AnyNode, BoxError> + Send + Sync>;
type Erased = Box<dyn Any + Send + Sync>;

/// What a graph may be made of: constructors of nodes, partition keys, routes and what is known of event types, by name.
///
/// `A` is what a constructor is given of the configuration: a `str`, a map, a type of your own.
///
/// ```
/// use stagekit::dynamic::{Kinds, node, producer, stage};
/// use stagekit::prelude::*;
///
/// #[producer]
/// fn count(to: u64) -> impl Iterator<Item = u64> { 0..to }
/// #[consumer]
/// fn add(n: u64, sum: &mut u64) { *sum += n; }
///
/// let mut kinds: Kinds<str> = Kinds::new();
/// kinds.kind("count", |to| Ok::<_, std::num::ParseIntError>(producer(node!(count(to.parse()?)))));
/// kinds.kind("add", |_| stage(node!(add(0))));
/// kinds.key("parity", |n: &u64| n % 2);
/// let mut graph = kinds.graph();
/// graph.add("numbers", "count", "10").unwrap();
/// ```
pub struct Kinds<A: ?Sized = ()> {
    kinds: BTreeMap<String, Constructor<A>>,
    keys: BTreeMap<String, (TypeOf, Erased)>,
    routes: BTreeMap<String, (TypeOf, Erased)>,
    clones: HashMap<TypeId, Erased>,
    lends: HashMap<TypeId, Erased>,
}

impl<A: ?Sized> fmt::Debug for Kinds<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds.keys()).finish()
    }
}

impl<A: ?Sized> Default for Kinds<A> {
    fn default() -> Self {
        Kinds::new()
    }
}

/// What a constructor may return: a node, or why there is none.
#[diagnostic::on_unimplemented(
    message = "a kind makes an `AnyNode`, but its constructor returns `{Self}`",
    label = "put `stage(..)` around what it returns, or `producer(..)` where that begins a path",
    note = "where there may be none, return a `Result<AnyNode, _>`"
)]
pub trait Made {
    #[doc(hidden)]
    fn made(self) -> Result<AnyNode, BoxError>;
}
impl Made for AnyNode {
    fn made(self) -> Result<AnyNode, BoxError> {
        Ok(self)
    }
}
impl<X: Into<BoxError>> Made for Result<AnyNode, X> {
    fn made(self) -> Result<AnyNode, BoxError> {
        self.map_err(Into::into)
    }
}

impl<A: ?Sized> Kinds<A> {
    /// No kinds. Of the types of events it knows numbers, `bool`, `char`, `String`, `&str`, `Vec<u8>` and `PathBuf`.
    pub fn new() -> Self {
        let (kinds, keys, routes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut new = Kinds { kinds, keys, routes, clones: HashMap::new(), lends: HashMap::new() };
        macro_rules! known {
            ($($event:ty),*) => { $(new.clones::<$event>().lends::<$event>();)* };
        }
        known!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char, ());
        known!(String, &'static str, Vec<u8>, std::path::PathBuf);
        new
    }

    /// How a node of this kind is made. Of two constructors of one name the second holds.
    pub fn kind<R: Made>(&mut self, name: &str, make: impl Fn(&A) -> R + Send + Sync + 'static) -> &mut Self {
        self.kinds.insert(name.to_owned(), Box::new(move |given| make(given).made()));
        self
    }

    /// A partition key, for [`Graph::by`]: events of one key go to one stage.
    pub fn key<T: Event, K: Hash + Eq>(
        &mut self,
        name: &str,
        key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    ) -> &mut Self {
        let make = move || {
            let key = key.clone();
            let hash = move |event: &T| {
                let mut hasher = StableHasher::default();
                key(event).hash(&mut hasher);
                hasher.finish()
            };
            Arc::new(Mutex::new(each_key(hash))) as _
        };
        self.keys.insert(name.to_owned(), (TypeOf::of::<T>(), Box::new(KeyOf::<T>(Box::new(make)))));
        self
    }

    /// How events name their case, for [`Graph::route`]: what is a `match` in `pipeline!`.
    pub fn route<T: Event, N: AsRef<str>>(
        &mut self,
        name: &str,
        case: impl Fn(&T) -> N + Send + Sync + 'static,
    ) -> &mut Self {
        let find: Find<T> = Arc::new(move |event, cases| cases.get(case(event).as_ref()).copied());
        self.routes.insert(name.to_owned(), (TypeOf::of::<T>(), Box::new(RouteOf(find))));
        self
    }

    /// Events of this type may be cloned: where one stage leads to several that take them by value, each gets its own.
    pub fn clones<T: Event + Clone>(&mut self) -> &mut Self {
        self.clones.insert(TypeId::of::<T>(), Box::new(Copier::<T>(Way::Clone(clone_all))));
        self
    }

    /// Events of this type may be lent: where one stage leads to several, those that borrow them share one.
    pub fn lends<T: Event + Sync>(&mut self) -> &mut Self {
        self.lends.insert(TypeId::of::<T>(), Box::new(Copier::<T>(Way::Lend(lend))));
        self
    }

    /// An empty graph of these kinds.
    pub fn graph(&self) -> Graph<'_, A> {
        Graph::new(self)
    }

    pub(super) fn make(&self, name: &str, kind: &str, given: &A) -> Result<AnyNode, GraphError> {
        let Some(make) = self.kinds.get(kind) else {
            return Err(unknown(name, "kind", kind, self.kinds.keys().map(String::as_str)));
        };
        // What was given may be a secret: the constructor's error says what is wrong with it.
        make(given)
            .map_err(|error| Mistake::new(name, format!("`{name}` of kind `{kind}` cannot be made: {error}")).into())
    }

    pub(super) fn find_route(&self, stage: &str, name: &str) -> Result<(TypeOf, &dyn Any), GraphError> {
        match self.routes.get(name) {
            Some((of, route)) => Ok((*of, &**route)),
            None => Err(unknown(stage, "route", name, self.routes.keys().map(String::as_str))),
        }
    }

    pub(super) fn find_key(&self, stage: &str, name: &str) -> Result<(TypeOf, &dyn Any), GraphError> {
        match self.keys.get(name) {
            Some((of, key)) => Ok((*of, &**key)),
            None => Err(unknown(stage, "key", name, self.keys.keys().map(String::as_str))),
        }
    }

    /// How a leg of a broadcast gets events of this type.
    pub(super) fn way(&self, of: TypeId, borrows: bool) -> Option<&dyn Any> {
        let ways = if borrows { &self.lends } else { &self.clones };
        ways.get(&of).map(|way| &**way as &dyn Any)
    }
}

/// There is nothing of this name.
pub(super) fn unknown<'a>(stage: &str, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> GraphError {
    let known: Vec<_> = known.map(|name| format!("`{name}`")).collect();
    let known = if known.is_empty() { "there is none".into() } else { format!("there is {}", known.join(", ")) };
    Mistake::new(stage, format!("unknown {what} `{name}`: {known}")).into()
}
