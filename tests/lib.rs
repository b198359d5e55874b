//! What the suites share.

pub mod stages;
