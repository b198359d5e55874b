//! What a graph is wired of, read once and before anything runs: the checks of the graph as a whole and its pictures are
//! made of the same reading, so they cannot see two graphs.

use std::sync::Arc;

use super::{Drawing, Place, Topology, Type, Types};
use crate::options::{Limits, Options};

/// One task: a stage, or a fused run of them.
pub(crate) struct Reading {
    /// Tells its intake from all others. `None` behind a producer.
    pub(crate) intake: Option<usize>,
    pub(crate) parts: Vec<Part>,
    /// The last part is no consumer.
    pub(crate) emits: bool,
    /// The edges that lead on.
    pub(crate) leads: Leads,
    /// What keeps this task alone from starting, and which of its stages.
    pub(crate) wrong: Option<(Arc<str>, String)>,
    /// It closes a loop: so many events go round.
    pub(crate) back: Option<usize>,
    /// What the macro says of it: it is the run of this number there.
    pub(crate) drawing: Option<(&'static Drawing, usize)>,
}

/// One function of a run.
pub(crate) struct Part {
    pub(crate) options: Options,
    pub(crate) types: Types,
    pub(crate) place: Place,
    /// What a segment is made of.
    pub(crate) inner: Option<Topology>,
    /// What its errors lead to, if it has an `else`.
    pub(crate) errors: Option<Leads>,
}

/// The edges that leave an end of the graph, without their types.
#[derive(Clone, Default)]
pub(crate) struct Leads {
    /// Tells these outlets from all others.
    pub(crate) id: usize,
    pub(crate) groups: Vec<Bundle>,
    /// The branches of a `match`, instead of groups.
    pub(crate) branches: Vec<Fork>,
    pub(crate) discard: bool,
}

/// What shares one event of an end.
#[derive(Clone)]
pub(crate) struct Bundle {
    /// It is an `any` or `by` list.
    pub(crate) split: bool,
    /// It is a `by` list.
    pub(crate) keyed: bool,
    /// It is a leg of a broadcast.
    pub(crate) shares: bool,
    pub(crate) legs: Vec<Leg>,
}

/// One edge.
#[derive(Clone)]
pub(crate) struct Leg {
    /// The intake it leads to, and the name of the stage there.
    pub(crate) to: usize,
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    /// They are not the stage's own.
    pub(crate) differs: bool,
}

/// What leads away from a branch.
#[derive(Clone)]
pub(crate) struct Fork {
    pub(crate) pattern: Arc<str>,
    pub(crate) event: Type,
    pub(crate) leads: Leads,
}

/// What is open on purpose.
#[derive(Default)]
pub(crate) struct OpenEnds {
    /// The edges out of the `..` that begins the graph.
    pub(crate) head: Option<Leads>,
    /// The outlets that lead into the `..` that ends it.
    pub(crate) tail: Option<usize>,
}

impl Leads {
    /// The stages that they lead to, by their inlets.
    pub(crate) fn intakes(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.add_intakes(&mut found);
        found
    }

    fn add_intakes(&self, found: &mut Vec<usize>) {
        for group in &self.groups {
            for leg in &group.legs {
                found.push(leg.to);
            }
        }
        for fork in &self.branches {
            fork.leads.add_intakes(found);
        }
    }
}
