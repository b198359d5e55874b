//! Calls into `::stagekit::__private`, with their tokens where errors about them belong.
//!
//! rustc underlines an expression from its first token to its last, so those lie on the user's tokens; our identifiers
//! stand in the empty place behind, where an editor does not take them for the user's.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::names::{after, ours};

/// `::stagekit::__private::name`, all of it at `span`.
fn path(name: &str, span: Span) -> TokenStream {
    let name = Ident::new(name, span);
    crate::names::respan(quote!(::stagekit::__private::#name), span)
}

fn parens(inner: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Parenthesis, inner);
    group.set_span(span);
    group
}

/// `name(args)`: the arrow at `on` is underlined, the arguments stand for themselves.
pub(crate) fn call(name: &str, on: Span, args: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    call_until(name, on, on, args)
}

/// As [`call`], its last parenthesis behind `end`: where an unfinished expression of the user's is seen to end.
pub(crate) fn call_until(name: &str, on: Span, end: Span, args: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    let behind = after(end);
    let mut inner = TokenStream::new();
    for (index, arg) in args.into_iter().enumerate() {
        if index > 0 {
            let mut comma = Punct::new(',', Spacing::Alone);
            comma.set_span(behind);
            comma.to_tokens(&mut inner);
        }
        inner.extend(arg);
    }
    let mut tokens = path(name, on);
    parens(inner, behind).to_tokens(&mut tokens);
    tokens
}

/// `name(inner)`, underlined as the user's token `on` although it says something else.
pub(crate) fn over(name: &str, on: Span, inner: TokenStream) -> TokenStream {
    over_all(name, on, on, inner)
}

/// As [`over`], for several tokens of the user's.
pub(crate) fn over_all(name: &str, on: Span, end: Span, inner: TokenStream) -> TokenStream {
    let behind = after(end);
    let mut tokens = TokenStream::new();
    for (index, mut token) in path(name, behind).into_iter().enumerate() {
        if index < 2 {
            token.set_span(on);
        }
        token.to_tokens(&mut tokens);
    }
    parens(inner, behind).to_tokens(&mut tokens);
    tokens
}

/// `at(&name)` on the user's token.
pub(crate) fn at(name: &Ident, on: Span) -> TokenStream {
    over("at", on, quote!(&#name))
}

/// `at(name)` on the user's token.
pub(crate) fn own(name: &Ident, on: Span) -> TokenStream {
    over("at", on, quote!(#name))
}

/// A variable of ours.
pub(crate) fn variable(name: impl AsRef<str>) -> Ident {
    Ident::new(name.as_ref(), ours())
}

/// `<path>::__stage(args)`: in type position a misspelt name gets the compiler's best help.
pub(crate) fn stage(path: &TokenStream, name: Span, args: Option<&Group>) -> TokenStream {
    let behind = after(name);
    let punct = |character, spacing, span| {
        let mut punct = Punct::new(character, spacing);
        punct.set_span(span);
        TokenTree::Punct(punct)
    };
    // A function's name begins with a small letter: what does not may be a value's type, which is told first.
    let typed = last(path).is_some_and(|word| word.starts_with(char::is_uppercase));
    let respan = |tokens| crate::names::respan(tokens, behind);
    let mut tokens = TokenStream::from(punct('<', Spacing::Alone, name));
    if typed {
        tokens.extend(respan(quote!(::stagekit::__private::checks::If < { __NAMED },)));
        tokens.extend(path.clone());
        tokens.extend([punct('>', Spacing::Alone, behind)]);
    } else {
        tokens.extend(path.clone());
    }
    tokens.extend([
        punct('>', Spacing::Joint, behind),
        punct(':', Spacing::Joint, behind),
        punct(':', Spacing::Alone, behind),
        TokenTree::Ident(Ident::new("__stage", behind)),
        TokenTree::Group(match args {
            Some(args) => args.clone(),
            None => parens(TokenStream::new(), behind),
        }),
    ]);
    if !typed {
        return tokens;
    }
    let named = [respan(quote!(::stagekit::__private::checks::named::<)), path.clone(), respan(quote!(>()))];
    let named: TokenStream = named.into_iter().collect();
    let mut block =
        Group::new(Delimiter::Brace, quote!(const __NAMED: ::core::primitive::bool = { #named; true }; #tokens));
    block.set_span(name);
    block.into_token_stream()
}

/// The last name of a path that has no arguments.
fn last(path: &TokenStream) -> Option<String> {
    let path: syn::Path = syn::parse2(path.clone()).ok()?;
    let plain = path.segments.iter().all(|segment| segment.arguments.is_empty());
    path.segments.last().filter(|_| plain).map(|segment| segment.ident.to_string())
}
