//! What the example `news` is made of: one module for each thing that it knows how to do.
//!
//! The stages are plain functions, each with an attribute that says which role it plays: `changelogs`, `read`,
//! `releases`, `followed`, `fresh`, `render`, `publish`, `report` and `quarantine`. The tests call them as what they
//! are, functions. The program beside this file, `main.rs`, connects them.

pub mod changelog;
mod chart;
pub mod clock;
pub mod database;
pub mod dead_letter;
mod feed;
pub mod finish;
mod index;
pub mod known;
mod metrics;
pub mod progress;
pub mod render;
pub mod site;
pub mod subjects;
