//! Spans: where a token of ours is said to stand, so that errors lie on the user's own tokens.

use proc_macro2::{Group, Span, TokenStream, TokenTree};

/// Our own hygiene: names that the user cannot clash with.
pub(crate) fn ours() -> Span {
    Span::mixed_site()
}

/// The empty place right after `span`: the user's context, so that the compiler's carets stay on the user's token, and
/// no text of its own, so that an editor maps no token of the user's to one of ours.
pub(crate) fn after(span: Span) -> Span {
    if proc_macro::is_available() { span.unwrap().end().into() } else { span }
}

/// The same tokens, all at `span`.
pub(crate) fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => {
                let mut moved = Group::new(group.delimiter(), respan(group.stream(), span));
                moved.set_span(span);
                TokenTree::Group(moved)
            }
            mut token => {
                token.set_span(span);
                token
            }
        })
        .collect()
}

/// The same tokens on the user's own at `span`: punctuation takes its place, our names the empty place behind it.
pub(crate) fn beside(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(if let TokenTree::Ident(_) = token { after(span) } else { span });
            token
        })
        .collect()
}
