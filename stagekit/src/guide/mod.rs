//! Pages to read, with nothing in them to call.

#[doc = include_str!("language.md")]
pub mod language {}

// Half a line of Rust is what some mistakes are.
#[allow(rustdoc::invalid_rust_codeblocks)]
#[doc = include_str!("errors.md")]
pub mod errors {}
