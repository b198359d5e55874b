//! `#[picture]`: the pipelines in the body of an item, drawn in its documentation.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;

use super::draw::picture;
use super::graph::Graph;
use super::parse::parse;
use crate::diagnostic::Diagnostics;
use crate::picture::{Ground, svg};

/// The item, with a picture behind its own documentation.
pub(crate) fn document(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    if let Some(option) = options.into_iter().next() {
        errors.error(option.span(), "`#[picture]` has no options");
    }
    let mut found = Vec::new();
    pipelines(item.clone(), &mut found);
    if found.is_empty() {
        errors.error(
            Span::call_site(),
            "there is no `pipeline!` in this item: `#[picture]` draws those of the function or static it stands on",
        );
    }
    if !errors.is_empty() {
        let errors = errors.into_tokens();
        return quote!(#errors #item);
    }
    let mut text = String::from(if found.len() > 1 { "# Pipelines\n" } else { "# Pipeline\n" });
    for graph in found {
        // `pipeline!` itself says what is wrong with it.
        let mut unsaid = Diagnostics::default();
        let source = parse(graph, &mut unsaid);
        let drawn = picture(&Graph::new(source, &mut unsaid));
        text.push_str(&format!("\n<div style=\"overflow-x:auto\">\n{}</div>\n", svg(&drawn, Ground::Page)));
    }
    // Behind the attributes that the item has, which may be documentation of its own.
    let mut tokens = item.into_iter().peekable();
    let mut before = TokenStream::new();
    while matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#') {
        before.extend(tokens.by_ref().take(2));
    }
    let rest: TokenStream = tokens.collect();
    // Nobody but rustdoc reads it: an editor would show the text of the picture.
    quote!(#before #[cfg_attr(doc, doc = "", doc = #text)] #rest)
}

/// What stands between the braces of each `pipeline!`.
pub(super) fn pipelines(tokens: TokenStream, found: &mut Vec<TokenStream>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let invoked = at >= 2
            && matches!(&tokens[at - 1], TokenTree::Punct(punct) if punct.as_char() == '!')
            && matches!(&tokens[at - 2], TokenTree::Ident(word) if word == "pipeline");
        if invoked {
            found.push(group.stream());
        } else {
            pipelines(inside(group), found);
        }
    }
}

fn inside(group: &Group) -> TokenStream {
    // The text of an attribute is no code.
    if group.delimiter() == Delimiter::Bracket && group.stream().to_string().starts_with("doc") {
        TokenStream::new()
    } else {
        group.stream()
    }
}
