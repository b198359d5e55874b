//! What the stages of a graph are wired of, read before anything runs: see [`Reading`].

use std::panic::Location;

use crate::open::Part;
use crate::options::Options;
use crate::outline::{self, GraphError};
use crate::stage::place::{Launched, Place, Stage, Wrong};
use crate::topology::{self, Leads, OpenEnds, Reading, Topology, Types};

/// What is wrong with a graph of these stages as a whole.
pub(crate) fn check(stages: &[Stage], ends: OpenEnds) -> Result<(), GraphError> {
    outline::check(stages.iter().filter_map(Stage::read).collect(), ends)
}

/// The graph of these stages.
pub(crate) fn topology(stages: &[Stage], ends: OpenEnds) -> Topology {
    topology::read(stages.iter().filter_map(Stage::read).collect(), ends)
}

/// A task of these parts.
pub(super) fn of_parts(
    parts: &[Part],
    intake: Option<usize>,
    emits: bool,
    leads: Leads,
    wrong: Option<Wrong>,
) -> Reading {
    let parts = parts.iter().map(Part::seen).collect();
    Reading { intake, parts, emits, leads, wrong, back: None, drawing: None }
}

/// A task of which nothing is known but its name and its edges.
#[track_caller]
pub(super) fn bare(options: Options, intake: usize, leads: Leads) -> Reading {
    let here = Location::caller();
    let place = topology::Place { file: here.file(), line: here.line(), column: here.column() };
    let part = topology::Part { options, types: Types::default(), place, inner: None, errors: None };
    Reading { intake: Some(intake), parts: vec![part], emits: true, leads, wrong: None, back: None, drawing: None }
}

/// A stage that no edge leads into: the graph cannot run.
struct Lost(Options, Leads);

/// The stage of this name that no edge leads into, and what leads on from it.
pub(crate) fn lost(name: &str, leads: Leads) -> Stage {
    Stage::of(Lost(Options::new(name), leads))
}

impl Place for Lost {
    fn read(&self) -> Option<Reading> {
        Some(bare(self.0.clone(), 0, self.1.clone()))
    }
    fn wire(&mut self) -> Result<(), Wrong> {
        Err((self.0.name.clone(), "no edge leads into it: `join` comes before `place`".into()))
    }
    fn launch(self: Box<Self>, _: &mut Launched) {}
}
