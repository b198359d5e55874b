//! Faults: what is injected, and what stagekit promises then. The numbers are those of the project's table of faults.
//!
//! F13 and F14 (races, lost wake-ups) belong to the model checker.

mod cancel;
mod clones;
mod demand;
mod graph;
mod live;
mod panics;
mod policies;
mod polls;
mod process;
mod runtime;

use crate::items::{LONG, MS, a_while, finish, finish_later, pass, pass_later, until};
