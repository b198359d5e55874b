//! `pipeline!`: read, lower, check, write. No phase fails; mistakes are collected, and what is sound still expands.

mod ast;
mod branches;
mod closure;
mod doc;
mod draw;
mod editor;
mod elsewhere;
mod expand;
mod feedback;
mod finish;
mod fragments;
mod graph;
mod loops;
mod misread;
mod options;
mod otherwise;
mod parse;
#[cfg(test)]
mod tests;
mod tokens;
mod validate;
mod whole;

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
    let sound = errors.is_empty();
    let editor = editor::rest(&graph, &body, sound);
    let result = if sound { finish::finish(&graph, &body) } else { errors.into_tokens() };
    let block = quote_spanned!(ours()=> {
        #[allow(unused_imports)]
        use ::stagekit::__private::GoesOn as _;
        #notes
        #(#lines)*
        #drawing
        #editor
        #result
    });
    match kit {
        Some(kit) => crate::names::rehome(block, &kit),
        None => block,
    }
}

/// The expression that a `node!` stands for.
pub(crate) fn single(tokens: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let node = parse::single(tokens, &mut errors);
    let value = node.as_ref().map(|node| match &node.stage {
        ast::Stage::Named(named) => tokens::stage(&named.path, named.name.span(), named.args.as_ref()),
        ast::Stage::Value(group) => {
            let value = tokens::over("value", node.span(), quote!(#group));
            quote_spanned!(ours()=> { #[allow(unused_braces)] let node = #value; node })
        }
        ast::Stage::Closure(_) => {
            let text = "a closure hangs on the port of its upstream stage: `map(&port, |event| ..)`, \
                        or `each(&port, |event| ..)` where it ends its path; \
                        where there is no port, on a type: `map(&annotated(ty::<Event>()), |event| ..)`";
            errors.error(node.span(), text);
            TokenStream::new()
        }
        ast::Stage::Discard(_) | ast::Stage::Open(..) | ast::Stage::Match(..) | ast::Stage::Branch(_) => {
            errors.between(node.span(), node.end(), format!("`{}` is no stage", node.label()));
            TokenStream::new()
        }
    });
    if let Some(otherwise) = node.as_ref().and_then(|node| node.otherwise.as_ref()) {
        errors.error(otherwise.span, "`else` is an edge: `caught(node)`, and what `errors(&port)` leads to");
    }
    if errors.is_empty() {
        let options = node.map(|node| node.options());
        return quote!(#value #options);
    }
    let value = value.filter(|value| !value.is_empty()).map(|value| quote!(let _ = #value;));
    let errors = errors.into_tokens();
    quote_spanned!(ours()=> { #value #errors })
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
