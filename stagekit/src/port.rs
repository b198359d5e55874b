//! Ports: the ends that the edges of a graph are tied to, before anything runs.
//!
//! A [`Port`] names a stage and its event, never what stands behind them, so types do not grow along the graph. It
//! shares the specification of an outlet, to which every edge adds a leg; a leg is an [`Intake`], the inboxes of the
//! workers of the stage below.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::node::Edge;
use crate::options::{Limits, Options};
use crate::subscription::{Down, Inbox, Lend, Up};

/// What one worker of the stage above sends to: an inbox, and the number of the subscription there.
pub(crate) struct Target<T> {
    pub(crate) inbox: Arc<Inbox<Down<T>>>,
    pub(crate) sub: u32,
}

/// What one worker of the stage below asks.
pub(crate) struct Upstream {
    pub(crate) inbox: Arc<Inbox<Up>>,
    pub(crate) sub: u32,
    pub(crate) max: usize,
    pub(crate) min: usize,
}

/// The inlets of a stage: an inbox and the subscriptions of each of its workers.
pub(crate) struct Intake<T> {
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) workers: Vec<(Arc<Inbox<Down<T>>>, Mutex<Vec<Upstream>>)>,
}

impl<T> Intake<T> {
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        let workers = (0..options.workers.max(1)).map(|_| (Inbox::new(), Mutex::new(Vec::new()))).collect();
        Arc::new(Intake { name: options.name.clone(), limits: options.limits, workers })
    }

    pub(crate) fn subscriptions(&self, worker: usize) -> Vec<Upstream> {
        std::mem::take(&mut lock(&self.workers[worker].1))
    }
}

/// How the events of a broadcast reach one leg: cloned, or lent.
pub struct Copier<T>(pub(crate) Copy<T>);

pub(crate) enum Copy<T> {
    Clone(fn(&[T]) -> Vec<T>),
    Lend(fn(Vec<T>) -> Box<dyn Lend<T>>),
}
impl<T> Clone for Copier<T> {
    fn clone(&self) -> Self {
        Copier(match &self.0 {
            Copy::Clone(f) => Copy::Clone(*f),
            Copy::Lend(f) => Copy::Lend(*f),
        })
    }
}

/// The key of an event, hashed.
pub(crate) type Key<T> = Arc<Mutex<dyn FnMut(&T) -> u64 + Send>>;

/// Stages that share the work of one leg of a broadcast, or one subscription.
pub(crate) struct Group<T> {
    pub(crate) key: Option<Key<T>>,
    pub(crate) copier: Option<Copier<T>>,
    pub(crate) legs: Vec<(Arc<Intake<T>>, Limits)>,
}

/// The outlets of a stage: every group gets every event.
pub(crate) struct Outlets<T> {
    pub(crate) groups: Vec<Group<T>>,
    /// Events are discarded (`=> _`).
    pub(crate) discard: bool,
}

pub(crate) type SharedOutlets<T> = Arc<Mutex<Outlets<T>>>;

pub(crate) fn outlets<T>() -> SharedOutlets<T> {
    Arc::new(Mutex::new(Outlets { groups: Vec::new(), discard: false }))
}

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The [`SharedOutlets`] of a stage's errors, whatever their type, once `else` asks for them.
pub(crate) type ErrorOutlets = Arc<Mutex<Option<Box<dyn Any + Send>>>>;

/// An end of the graph: a stage `S` that emits events of type `E` and fails with `F`.
pub struct Port<S, E, F> {
    pub(crate) outlets: SharedOutlets<E>,
    /// The outlets of the stage's errors, of the type that `F` says, once `else` asks for them.
    pub(crate) errors: ErrorOutlets,
    /// The `any` or `by` group that edges are added to.
    pub(crate) group: Option<usize>,
    pub(crate) is: PhantomData<fn() -> (S, F)>,
}

impl<S, E, F> Clone for Port<S, E, F> {
    fn clone(&self) -> Self {
        Port { outlets: self.outlets.clone(), errors: self.errors.clone(), group: self.group, is: PhantomData }
    }
}

impl<S, E, F> Port<S, E, F> {
    pub(crate) fn new() -> Self {
        Port { outlets: outlets(), errors: Arc::default(), group: None, is: PhantomData }
    }

    /// A group of its own on the same outlets.
    pub(crate) fn grouped(&self, key: Option<Key<E>>) -> Self {
        let mut outlets = lock(&self.outlets);
        outlets.groups.push(Group { key, copier: None, legs: Vec::new() });
        let group = Some(outlets.groups.len() - 1);
        drop(outlets);
        Port { group, ..self.clone() }
    }

    /// One edge more.
    pub(crate) fn connect(&self, intake: Arc<Intake<E>>, edge: Edge, copier: Option<Copier<E>>) {
        let mut outlets = lock(&self.outlets);
        let limits = edge.0.or(intake.limits);
        match self.group {
            Some(group) => outlets.groups[group].legs.push((intake, limits)),
            None => outlets.groups.push(Group { key: None, copier, legs: vec![(intake, limits)] }),
        }
    }
}

/// What a segment needs to take the place of a stage.
pub struct Splice<'a, In, Out> {
    pub(crate) name: Arc<str>,
    pub(crate) intake: Arc<Intake<In>>,
    pub(crate) outlets: SharedOutlets<Out>,
    pub(crate) stages: &'a mut Vec<crate::pipeline::Stage>,
}

pub(crate) fn clone_all<T: Clone>(events: &[T]) -> Vec<T> {
    events.to_vec()
}
