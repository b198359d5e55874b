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

/// The empty place right before `span`, as [`after`].
pub(crate) fn before(span: Span) -> Span {
    if proc_macro::is_available() { span.unwrap().start().into() } else { span }
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
            // What it is depends on where it was written.
            TokenTree::Ident(mut word) if word == "$crate" => {
                word.set_span(span.resolved_at(word.span()));
                TokenTree::Ident(word)
            }
            mut token => {
                token.set_span(span);
                token
            }
        })
        .collect()
}

/// The same tokens with another path in the place of `::stagekit` wherever that leads to `__private`: what the macro
/// names is there, and the user's own code names nothing there. The path lies where the old one was.
pub(crate) fn rehome(tokens: TokenStream, kit: &TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let says = |at: usize, word: &str| matches!(tokens.get(at), Some(TokenTree::Ident(ident)) if ident == word);
    let colons = |at: usize| is(at, ':') && is(at + 1, ':');
    let mut moved = TokenStream::new();
    let mut at = 0;
    while at < tokens.len() {
        if colons(at) && says(at + 2, "stagekit") && colons(at + 3) && says(at + 5, "__private") {
            moved.extend(respan(kit.clone(), tokens[at].span()));
            at += 3;
            continue;
        }
        moved.extend([match &tokens[at] {
            TokenTree::Group(group) => {
                let mut same = Group::new(group.delimiter(), rehome(group.stream(), kit));
                same.set_span(group.span());
                TokenTree::Group(same)
            }
            token => token.clone(),
        }]);
        at += 1;
    }
    moved
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
