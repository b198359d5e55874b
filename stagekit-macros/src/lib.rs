//! The language of stagekit: `#[producer]`, `#[consumer]`, `#[producer_consumer]`, `#[stage]` and `pipeline!`.
//!
//! Use it through the crate `stagekit`, whose version it is locked to; the language is documented there.
#![forbid(unsafe_code)]

mod callbacks;
mod diagnostic;
mod dump;
mod names;
#[allow(dead_code, unused_imports, reason = "the runtime draws more ways than the macros do")]
mod picture;
mod pipeline;
mod pretty;
#[cfg(test)]
mod snapshot;
mod stage;
mod types;
mod words;

use proc_macro::TokenStream;

/// A function that starts a path: see the crate `stagekit`.
#[proc_macro_attribute]
pub fn producer(options: TokenStream, item: TokenStream) -> TokenStream {
    dump::dumped("#[producer]", stage::expand(stage::Role::Producer, options.into(), item.into())).into()
}

/// A function that takes events and emits none: see the crate `stagekit`.
#[proc_macro_attribute]
pub fn consumer(options: TokenStream, item: TokenStream) -> TokenStream {
    dump::dumped("#[consumer]", stage::expand(stage::Role::Consumer, options.into(), item.into())).into()
}

/// A function that takes events and emits events: see the crate `stagekit`.
#[proc_macro_attribute]
pub fn producer_consumer(options: TokenStream, item: TokenStream) -> TokenStream {
    dump::dumped("#[producer_consumer]", stage::expand(stage::Role::ProducerConsumer, options.into(), item.into()))
        .into()
}

/// An `impl` with several callbacks: see the crate `stagekit`.
#[proc_macro_attribute]
pub fn stage(options: TokenStream, item: TokenStream) -> TokenStream {
    dump::dumped("#[stage]", callbacks::expand(options.into(), item.into())).into()
}

/// A node by itself, for the builder: see the crate `stagekit`.
#[proc_macro]
pub fn node(node: TokenStream) -> TokenStream {
    pipeline::single(node.into()).into()
}

/// A graph of stages: see the crate `stagekit`.
#[proc_macro]
pub fn pipeline(graph: TokenStream) -> TokenStream {
    dump::dumped("pipeline!", pipeline::expand(graph.into())).into()
}

/// The pipelines of a function or static, drawn in its documentation: see the crate `stagekit`.
#[proc_macro_attribute]
pub fn picture(options: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::document(options.into(), item.into()).into()
}
