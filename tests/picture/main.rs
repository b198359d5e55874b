//! The picture of a pipeline, in every rendering, and what its topology says.
//!
//! The recorded ones are rewritten by `UPDATE_SNAPSHOTS=1 cargo test -p tests --test picture`; look at the SVGs.
//!
//! A test binary of its own: the pictures are looked at and recorded often, and `suite` takes long to build.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

pub mod graphs;
mod guide;
mod says;
mod shown;
