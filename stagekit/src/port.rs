//! Ports: the ends that the edges of a graph are tied to, before anything runs.
//!
//! A [`Port`] names a stage and its event, never what stands behind them, so types do not grow along the graph. It
//! shares the specification of an outlet, to which every edge adds a leg; a leg is an `Intake`, the inboxes of the
//! workers of the stage below.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, OnceLock};

use crate::batch::Copier;
use crate::dispatcher::{Branches, Key};
use crate::host::Home;
use crate::lock::lock;
use crate::options::{Edge, Limits, Options};
use crate::ring::Ring;
use crate::side::ErrorWiring;
use crate::subscription::{Door, Down, Inbox};
use crate::topology::{Bundle, Fork, Leads, Leg};

/// What one worker of the stage below asks.
pub(crate) struct Upstream<T> {
    pub(crate) door: Arc<Door<T>>,
    pub(crate) sub: u32,
    pub(crate) max: usize,
    pub(crate) min: usize,
    /// The user has chosen neither.
    pub(crate) free: bool,
    /// A stage that can finds its own.
    pub(crate) tuned: bool,
    /// The producer stands on the same ring.
    pub(crate) inside: bool,
}

/// The inlets of a stage: an inbox and the subscriptions of each of its workers.
pub(crate) struct Intake<T> {
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) workers: Vec<Doors<T>>,
    /// Where the stage waits for a producer that runs it, if it is one for that.
    pub(crate) home: Arc<Home<T>>,
    /// The ring that the stage stands on, if it leads back to itself: known when the graph is launched.
    pub(crate) ring: OnceLock<Arc<Ring>>,
}

/// The inbox of one worker, and what it will be subscribed to.
pub(crate) type Doors<T> = (Arc<Inbox<Down<T>>>, Mutex<Vec<Upstream<T>>>);

impl<T> Intake<T> {
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        let workers = (0..options.workers.max(1)).map(|_| (Inbox::new(), Mutex::new(Vec::new()))).collect();
        let (home, ring) = (Home::new(), OnceLock::new());
        Arc::new(Intake { name: options.name.clone(), limits: options.limits, workers, home, ring })
    }

    /// Tells it from every other intake.
    pub(crate) fn id(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    pub(crate) fn subscriptions(&self, worker: usize) -> Vec<Upstream<T>> {
        std::mem::take(&mut lock(&self.workers[worker].1))
    }
}

/// Stages that share the work of one leg of a broadcast, or one subscription.
pub(crate) struct Group<T> {
    /// It is an `any` or `by` list.
    pub(crate) split: bool,
    pub(crate) key: Option<Key<T>>,
    pub(crate) copier: Option<Copier<T>>,
    pub(crate) legs: Vec<(Arc<Intake<T>>, Limits)>,
}

/// A `match` behind a stage: for each worker of it, the dispatcher, and how many events travel best together. The legs'
/// consumers ask for many events from the first on if they are to be `eager`.
pub(crate) trait Match<T>: Send + Sync {
    /// The stage stands on this ring.
    fn wire(&self, eager: bool, ring: Option<&Arc<Ring>>) -> Result<(Branches<T>, Lump), String>;
    /// The branches, and the edges that leave each.
    fn leads(&self) -> Vec<Fork>;
}

/// How many events travel best together, and whether a consumer finds its own demand.
pub(crate) type Lump = (usize, bool);

/// The outlets of a stage: every group gets every event.
pub(crate) struct Outlets<T> {
    pub(crate) groups: Vec<Group<T>>,
    /// Instead of groups.
    pub(crate) branches: Option<Arc<dyn Match<T>>>,
    /// Events are discarded (`=> _`).
    pub(crate) discard: bool,
}

pub(crate) type SharedOutlets<T> = Arc<Mutex<Outlets<T>>>;

/// The stages that these outlets lead to, by their inlets.
pub(crate) fn leads_to<T>(outlets: &SharedOutlets<T>) -> Vec<usize> {
    leads(outlets).intakes()
}

pub(crate) fn outlets<T>() -> SharedOutlets<T> {
    Arc::new(Mutex::new(Outlets { groups: Vec::new(), branches: None, discard: false }))
}

/// The edges that leave these outlets.
pub(crate) fn leads<T>(outlets: &SharedOutlets<T>) -> Leads {
    let id = Arc::as_ptr(outlets).addr();
    let outlets = lock(outlets);
    let mut leads = Leads { id, discard: outlets.discard, ..Leads::default() };
    for group in &outlets.groups {
        let mut legs = Vec::new();
        for (intake, limits) in &group.legs {
            let (to, name, differs) = (intake.id(), intake.name.clone(), *limits != intake.limits);
            legs.push(Leg { to, name, limits: *limits, differs });
        }
        let (split, keyed, shares) = (group.split, group.key.is_some(), group.copier.is_some());
        leads.groups.push(Bundle { split, keyed, shares, legs });
    }
    if let Some(branches) = &outlets.branches {
        leads.branches = branches.leads();
    }
    leads
}

/// How the errors of a stage leave it, and where to.
pub(crate) struct ErrorEnd {
    pub(crate) wiring: ErrorWiring,
    pub(crate) leads: Box<dyn Fn() -> Leads + Send>,
}

/// There, once `else` asks for the errors of a stage.
pub(crate) type ErrorOutlets = Arc<Mutex<Option<ErrorEnd>>>;

/// The edges that the errors of a stage leave by, if it has an `else`.
pub(crate) fn leads_of(errors: &ErrorOutlets) -> Option<Leads> {
    lock(errors).as_ref().map(|end| (end.leads)())
}

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

    /// The same end, said to be of another stage.
    pub(crate) fn of<S2>(self) -> Port<S2, E, F> {
        Port { outlets: self.outlets, errors: self.errors, group: self.group, is: PhantomData }
    }

    /// Everything goes to the branches of a `match`.
    pub(crate) fn branch(&self, branches: Arc<dyn Match<E>>) {
        lock(&self.outlets).branches = Some(branches);
    }

    /// A group of its own on the same outlets.
    pub(crate) fn grouped(&self, key: Option<Key<E>>) -> Self {
        let mut outlets = lock(&self.outlets);
        outlets.groups.push(Group { split: true, key, copier: None, legs: Vec::new() });
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
            None => outlets.groups.push(Group { split: false, key: None, copier, legs: vec![(intake, limits)] }),
        }
    }
}

/// `A` and `B` are the same type wherever an edge was accepted; this says so where the compiler cannot see it.
pub(crate) fn same<A: 'static, B: 'static>(value: A) -> B {
    let value: Box<dyn Any> = Box::new(value);
    match value.downcast() {
        Ok(value) => *value,
        Err(_) => unreachable!("an event is only accepted as its own type"),
    }
}
