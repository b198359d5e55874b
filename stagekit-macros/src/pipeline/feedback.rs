//! `feedback(n, policy) name`: the target of an edge that closes a loop.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::{LitInt, Token, token};

use super::ast::{Feedback, Named, Node, Stage, Target};
use super::closure::ends;
use crate::diagnostic::Diagnostics;

const FORM: &str = "`=> feedback(64) name`";

/// Whether the word stands here as a word of the language. A stage may be called like it.
pub(crate) fn begins(input: ParseStream<'_>, errors: &mut Diagnostics) -> bool {
    let ahead = input.fork();
    let Ok(word) = ahead.parse::<Ident>() else { return false };
    if word != "feedback" {
        // Two words, and parentheses between them: nothing else is written so.
        let near = crate::words::distance(&word.to_string(), "feedback") <= 2;
        let like_it = near && ahead.peek(token::Paren) && ahead.parse::<TokenTree>().is_ok() && ahead.peek(syn::Ident);
        if like_it {
            errors.error(word.span(), "did you mean `feedback`? `=> feedback(64) name` closes a loop");
        }
        return like_it;
    }
    let args = match ahead.cursor().group(Delimiter::Parenthesis) {
        Some((inside, ..)) => {
            let _ = ahead.parse::<TokenTree>();
            Some(inside.token_stream())
        }
        None => None,
    };
    let follows = ahead.peek(syn::Ident)
        || ahead.peek(token::Bracket)
        || ahead.peek(token::Brace)
        || ahead.peek(Token![_])
        || ahead.peek(Token![|])
        || ahead.peek(Token![move]);
    // `feedback(64)` with nothing behind it is half of this, and no stage.
    follows || ends(&ahead) && args.is_some_and(|args| literal(&front(args).0).is_some())
}

/// Reads it; `options` reads those of the edge.
pub(crate) fn parse(
    input: ParseStream<'_>,
    errors: &mut Diagnostics,
    options: impl FnOnce(ParseStream<'_>, &mut Diagnostics) -> Vec<super::ast::Opt>,
) -> Target {
    let span = input.span();
    let _ = input.parse::<Ident>();
    let args = match input.cursor().group(Delimiter::Parenthesis) {
        Some((inside, ..)) => {
            let _ = input.parse::<TokenTree>();
            inside.token_stream()
        }
        None => TokenStream::new(),
    };
    let (room, policy) = front(args);
    if let Some((inside, _, behind)) = input.cursor().group(Delimiter::Bracket)
        && let (Some(literal), Some((name, _))) = (literal(&inside.token_stream()), behind.ident())
    {
        let text = format!("the number stands in parentheses: `feedback({literal}) {name}`");
        return wrong(input, errors, span, text);
    }
    if input.peek(token::Bracket) {
        let text = "`feedback` leads back to one stage: write it inside the list, `[feedback(64) a, b]`";
        return wrong(input, errors, span, text);
    }
    if !input.peek(syn::Ident) {
        let text = if ends(input) {
            format!("`feedback` needs the name of the stage that the loop leads back to: {FORM}")
        } else {
            "`feedback` leads back to a stage that is bound with `let`: write its name".into()
        };
        return wrong(input, errors, span, text);
    }
    let Ok(name) = input.parse::<Ident>() else { return Target::Missing };
    let mut fine = true;
    if room.is_empty() {
        let text = format!("`feedback` needs the number of events that may go round: `feedback(64) {name}`");
        errors.error(span, text);
        fine = false;
    } else if let Some(literal) = literal(&room).filter(|literal| literal.base10_parse::<u64>().is_ok_and(|n| n == 0)) {
        errors.error(literal.span(), format!("`feedback` to `{name}` must hold at least 1 event, got 0"));
        fine = false;
    } else if let Some((first, last)) = super::options::boundless(room.clone()) {
        let text =
            format!("`feedback` to `{name}` has no bound: write how many events may go round, `feedback(64) {name}`");
        errors.between(first, last, text);
        fine = false;
    }
    let overflow = match policy.to_string().as_str() {
        "" | "fail" => quote!(::stagekit::Overflow::Fail),
        "drop_oldest" => quote!(::stagekit::Overflow::DropOldest),
        "drop_newest" => quote!(::stagekit::Overflow::DropNewest),
        "wait" | "Overflow :: Wait" => {
            let at = policy.clone().into_iter().last().map_or(span, |token| token.span());
            let text = "a loop cannot wait for itself: `fail`, `drop_oldest` or `drop_newest`";
            errors.error(at, text);
            fine = false;
            TokenStream::new()
        }
        word if no_policy(word) => {
            let at = policy.clone().into_iter().next().map_or(span, |token| token.span());
            errors.error(
                at,
                format!("`{word}` is none of what a full loop can do: `fail`, `drop_oldest` or `drop_newest`"),
            );
            fine = false;
            TokenStream::new()
        }
        _ => policy,
    };
    let args = match input.cursor().group(Delimiter::Parenthesis) {
        Some((_, span, _)) => {
            let _ = input.parse::<TokenTree>();
            Some(span.join())
        }
        None => None,
    };
    if let Some(args) = args {
        errors.error(args, format!("`{name}` is bound with `let`: its arguments belong there"));
    }
    let options = options(input, errors);
    if let Ok(word) = input.parse::<Token![else]>() {
        errors.error(word.span, format!("`{name}` is one stage: write its `else` in the `let`"));
        super::parse::skip(input);
    }
    let named = Named { path: quote!(#name), name, bare: true, args: None };
    let node = Node { stage: Stage::Named(named), options, otherwise: None };
    if fine { Target::Feedback(Box::new(Feedback { span, room, overflow, node })) } else { Target::Missing }
}

/// `feedback(name, 3)`, `feedback(3, name)`: the number, and the name.
pub(crate) fn in_one(named: &Named) -> Option<(LitInt, Ident)> {
    if !named.bare || named.name != "feedback" {
        return None;
    }
    let (first, second) = front(named.args.as_ref()?.stream());
    let (room, name) = if literal(&first).is_some() { (first, second) } else { (second, first) };
    Some((literal(&room)?, syn::parse2(name).ok()?))
}

/// A word that is no policy, and no variable either: everything else may be one.
fn no_policy(word: &str) -> bool {
    word == "drop"
}

fn wrong(input: ParseStream<'_>, errors: &mut Diagnostics, span: Span, text: impl std::fmt::Display) -> Target {
    errors.error(span, text);
    super::parse::skip(input);
    Target::Missing
}

/// What stands before the first comma, and what behind it.
fn front(args: TokenStream) -> (TokenStream, TokenStream) {
    let mut args = args.into_iter();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    (args.by_ref().take_while(|token| !is_comma(token)).collect(), args.filter(|token| !is_comma(token)).collect())
}

/// The number of events, where it is written down.
pub(crate) fn literal(room: &TokenStream) -> Option<LitInt> {
    syn::parse2(room.clone()).ok()
}
