//! `pipeline!`: read, lower, check, write. No phase fails; mistakes are collected, and what is sound still expands.

mod ast;
mod branches;
mod closure;
mod doc;
mod draw;
mod expand;
mod finish;
mod fragments;
mod graph;
mod options;
mod parse;
#[cfg(test)]
mod tests;
mod tokens;
mod validate;

pub(crate) use doc::document;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::diagnostic::Diagnostics;
use crate::names::ours;

/// The expression that a `pipeline!` stands for.
pub(crate) fn expand(graph: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let mut source = parse::parse(fragments::resolved(graph), &mut errors);
    let kit = source.kit.take();
    let mut graph = graph::Graph::new(source, &mut errors);
    let wrong = validate::validate(&mut graph, &mut errors);
    let body = expand::expand(&graph, &wrong);
    let lines = &body.lines;
    let notes = notes(&graph);
    let drawing = if errors.is_empty() { draw::drawing(&graph, &body) } else { TokenStream::new() };
    // A block that ends in `compile_error!` has the type of an error: what is done with it is not reported again.
    let result = if errors.is_empty() { finish::finish(&body) } else { errors.into_tokens() };
    let block = quote_spanned!(ours()=> {
        #[allow(unused_imports)]
        use ::stagekit::__private::GoesOn as _;
        #notes
        #(#lines)*
        #drawing
        #result
    });
    match kit {
        Some(kit) => crate::names::rehome(block, &kit),
        None => block,
    }
}

/// What rustc says best: two items of one name, and a use of something deprecated.
fn notes(graph: &graph::Graph) -> TokenStream {
    let doubles = graph.doubles.iter().map(|(first, second)| {
        let item = |name: &proc_macro2::Ident| {
            // rustc shows both places if all of an item lies on the user's token.
            let item = quote!(#[allow(non_camel_case_types, dead_code)] struct #name;);
            crate::names::respan(item, name.span())
        };
        let (first, second) = (item(first), item(second));
        quote!({ #first #second })
    });
    let warnings = graph.warnings.iter().map(|(span, text)| {
        let name = proc_macro2::Ident::new("by", *span);
        quote_spanned!(ours()=> { #[deprecated = #text] fn #name() {} #name(); })
    });
    quote!(#(#doubles)* #(#warnings)*)
}
