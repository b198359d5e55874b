//! What only an editor reads: where the names of `let`s are used, and room for what is about to be typed.
//!
//! The compiler drops all of it; the tests of the editor hold it.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::expand::Body;
use super::graph::Graph;
use crate::names::ours;

/// A function in which each use of a name is the field of that name: the editor leads from there to the `let`, and renames
/// both.
pub(crate) fn uses(graph: &Graph, names: &[&Ident], generics: &TokenStream, of: &TokenStream) -> TokenStream {
    let uses: Vec<&Ident> = graph.uses.iter().filter(|word| names.contains(word)).collect();
    if uses.is_empty() {
        return TokenStream::new();
    }
    quote_spanned! {ours()=>
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            fn __uses #generics (all: &#of #generics) { #(let _ = &all.#uses;)* }
        };
    }
}

/// The names that the result has no field for; and, where the graph has a mistake, room: an editor completes at a token
/// only if it would stand inside of what the text expands to without it.
pub(crate) fn rest(graph: &Graph, body: &Body, sound: bool) -> TokenStream {
    let closed = sound && body.head.is_none() && body.tail.is_none();
    let kept = |name: &Ident| closed && body.kept.iter().any(|(kept, _)| kept == name);
    let mut names: Vec<&Ident> = Vec::new();
    for name in graph.vertices.iter().filter_map(|vertex| vertex.bound.as_ref()) {
        if !kept(name) && !names.contains(&name) {
            names.push(name);
        }
    }
    let uses = uses(graph, &names, &TokenStream::new(), &quote!(Names));
    let named = (!names.is_empty()).then(|| {
        quote_spanned! {ours()=>
            #[allow(unexpected_cfgs)]
            const _: () = {
                #[cfg(rust_analyzer)]
                struct Names { #(#names: (),)* }
                #uses
            };
        }
    });
    let room = (!sound).then(|| {
        let room = ".".repeat(1000 + 500 * graph.vertices.len());
        quote_spanned!(ours()=> const _: &::core::primitive::str = #room;)
    });
    quote!(#named #room)
}
