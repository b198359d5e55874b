//! What a `pipeline!` is worth: a pipeline that can run, or an open one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::editor;
use super::expand::Body;
use super::graph::Graph;
use super::tokens::{call, over_all, variable};
use crate::names::ours;

/// The last expression of the block.
pub(crate) fn finish(graph: &Graph, body: &Body) -> TokenStream {
    let stages = &body.stages;
    let drawing = variable("__drawing");
    let stages = quote!(::stagekit::__private::drawn([#(#stages),*], #drawing));
    let port = |port: &Ident, dots: &(Span, Span)| over_all("at", dots.0, dots.1, quote!(&#port));
    match (&body.head, &body.tail) {
        (Some((head, _)), Some((tail, dots))) => call("segment", dots.0, [port(head, dots), port(tail, dots), stages]),
        (None, Some((tail, dots))) => call("output", dots.0, [port(tail, dots), stages]),
        (Some((head, dots)), None) => call("input", dots.0, [port(head, dots), stages]),
        (None, None) if body.kept.is_empty() => call("runnable", ours(), [stages]),
        (None, None) => finished(graph, body, stages),
    }
}

/// A type of its own for the result, since only the macro knows the names: the summary, and the state of every stage
/// that has one.
fn finished(graph: &Graph, body: &Body, stages: TokenStream) -> TokenStream {
    let (names, shared): (Vec<&Ident>, Vec<&Ident>) = body.kept.iter().map(|(name, shared)| (name, shared)).unzip();
    let states: Vec<Ident> = (0..names.len()).map(|index| Ident::new(&format!("T{index}"), ours())).collect();
    let claims: Vec<Ident> = (0..names.len()).map(|index| variable(format!("__k_{index}"))).collect();
    let uses = editor::uses(graph, &names, &quote!(<#(#states),*>), &quote!(Finished));
    // In a block of its own: none of the user's expressions sees the type.
    quote_spanned! {ours()=> {
        /// What a pipeline leaves behind: its summary, and the state of every stage with a name.
        #[allow(dead_code, unreachable_pub)]
        #[derive(::core::fmt::Debug)]
        struct Finished<#(#states),*> { #(pub #names: #states,)* __summary: ::stagekit::__private::Summary }
        impl<#(#states),*> ::core::ops::Deref for Finished<#(#states),*> {
            type Target = ::stagekit::__private::Summary;
            fn deref(&self) -> &::stagekit::__private::Summary { &self.__summary }
        }
        impl<#(#states),*> ::core::fmt::Display for Finished<#(#states),*> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.__summary, f)
            }
        }
        #uses
        #(let #claims = ::stagekit::__private::kept(&#shared);)*
        ::stagekit::__private::Pipeline::__new(#stages, move |__summary| Finished { #(#names: #claims.take(),)* __summary })
    }}
}
