//! Closures in the graph. Where one ends is asked of the Rust grammar first; what that cannot read (half a line) ends
//! at the next arrow. The tokens themselves are never touched.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::{ExprClosure, Token};

use super::ast::{Closure, Kind, Parameter};
use super::{misread, otherwise};
use crate::diagnostic::Diagnostics;

/// Where a node ends at the latest.
pub(crate) fn ends(input: ParseStream<'_>) -> bool {
    input.is_empty()
        || input.peek(Token![=>])
        || input.peek(Token![->])
        || input.peek(Token![;])
        || input.peek(Token![,])
        || input.peek(Token![else])
}

/// `|e|`, `move |e|`, `async |e|`, `filter |e|`
pub(crate) fn begins(input: ParseStream<'_>) -> bool {
    let bare = input.peek(Token![|]) || input.peek(Token![||]) || input.peek(Token![move]) || input.peek(Token![async]);
    let follows =
        input.peek2(Token![|]) || input.peek2(Token![||]) || input.peek2(Token![move]) || input.peek2(Token![async]);
    bare || follows && input.fork().parse::<Ident>().is_ok_and(|word| Kind::of(&word.to_string()).is_some())
}

/// What other libraries call before a closure, and what is written here.
const ELSEWHERE: [(&str, &str); 5] = [
    ("map", "a bare closure maps: `|event| ..`"),
    ("for_each", "a bare closure at the end of a path takes each event: `|event| ..`"),
    ("then", "a bare closure maps: `|event| ..`"),
    ("filter_map", "`flat_map |event| ..` takes an `Option` too"),
    ("and_then", "`try_map |event| ..` maps with a `Result`"),
];

/// `map |e| ..`: takes the word away, and says how it is written. `map` alone, and `map |> b`, are a stage.
pub(crate) fn elsewhere(input: ParseStream<'_>, errors: &mut Diagnostics) {
    let ahead = input.fork();
    let Ok(word) = ahead.parse::<Ident>() else { return };
    let Some((_, text)) = ELSEWHERE.iter().find(|(known, _)| word == known) else { return };
    if ahead.parse::<ExprClosure>().is_ok() {
        errors.error(word.span(), text);
        let _ = input.parse::<Ident>();
    }
}

/// `filter(|e| ..)`: how it is written, if the only argument of the word is a closure.
pub(crate) fn called(word: &Ident, args: &TokenStream) -> Option<String> {
    let text = word.to_string();
    let closure = syn::parse2::<ExprClosure>(args.clone()).is_ok();
    let known = ELSEWHERE.iter().find(|(known, _)| *known == text).map(|(_, text)| (*text).to_owned());
    let own = || Kind::of(&text).map(|_| format!("the closure stands behind the word: `{text} |event| ..`"));
    let text = known.or_else(own).filter(|_| closure)?;
    Some(format!("{text} (a stage of your own: `self::{word}(..)`)"))
}

/// `.map(|e| ..)`: nodes have options, not the methods of iterators.
pub(crate) fn method(word: &Ident, args: &TokenStream) -> Option<String> {
    let text = word.to_string();
    let known = ELSEWHERE.iter().find(|(known, _)| *known == text).map(|(_, text)| (*text).to_owned());
    let own = || Kind::of(&text).map(|_| format!("`=> {text} |event| ..`"));
    let text = known.or_else(own).filter(|_| syn::parse2::<ExprClosure>(args.clone()).is_ok())?;
    Some(format!("`{word}` is no option of a node but a stage behind it: {text}"))
}

/// Moves `input` on to where `ahead`, a fork of it, stands.
pub(crate) fn advance(input: ParseStream<'_>, ahead: ParseStream<'_>) -> TokenStream {
    let mut passed = TokenStream::new();
    while !input.is_empty() && input.cursor() != ahead.cursor() {
        passed.extend(input.parse::<TokenTree>());
    }
    passed
}

/// Reads a closure; `None` if it is one that no stage can be made of.
pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<Closure> {
    let span = input.span();
    let word = if input.peek(syn::Ident) { input.parse::<Ident>().ok() } else { None };
    let kind = word.and_then(|word| Kind::of(&word.to_string())).unwrap_or(Kind::Map);
    let asynchronous = input.peek(Token![async]).then(|| input.span());
    let moves = input.peek(Token![move]);

    let ahead = input.fork();
    let mut tokens = match ahead.parse::<ExprClosure>() {
        Ok(_) if ends(&ahead) => advance(input, &ahead),
        _ => raw(input),
    };
    if let Some(span) = asynchronous {
        errors.error(span, "a closure cannot be async here: write an `async fn` with `#[producer_consumer]`");
        return None;
    }
    if let Some(span) = async_body(&tokens) {
        errors.error(span, "a closure cannot be async here: write an `async fn` with `#[producer_consumer]`");
        return None;
    }
    if let Some(span) = awaits(&tokens) {
        errors.error(span, "a closure cannot be async here: write an `async fn` with `#[producer_consumer]`");
        return None;
    }
    if let Some((span, option, without)) = misread::option_of_a_body(&tokens) {
        let text = format!("options follow a closure that stands in parentheses: `(|event| {{ .. }}){option}`");
        errors.error(span, text);
        tokens = without;
    }
    if let Some((span, option, without)) = misread::option_of_a_closure(&tokens) {
        let text = format!("options follow a closure that stands in parentheses: `(|event| ..){option}`");
        errors.error(span, text);
        tokens = without;
    }
    if kind == Kind::Map
        && let Some(sign) = misread::question(&tokens)
    {
        let text = "a bare closure cannot fail: write `try_map |event| ..` and leave out the `?`. \
                    An `Err` goes to its `else`, or ends the pipeline";
        errors.error(sign, text);
        return None;
    }
    let parameter = parameter(&tokens);
    Some(Closure { kind, span, tokens, moves, parameter })
}

/// To the next arrow; the one right behind the parameters is the closure's own.
fn raw(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    let (mut bars, mut block, mut behind) = (0, false, false);
    while !input.is_empty() {
        let own_arrow = bars == 2 && input.peek(Token![->]);
        let own_else = block && input.peek(Token![else]);
        let caught = behind && otherwise::other_word(input).is_some();
        if caught || ends(input) && !own_arrow && !own_else && bars != 1 {
            break;
        }
        if own_arrow {
            tokens.extend(input.parse::<TokenTree>());
        }
        let Ok(token) = input.parse::<TokenTree>() else { break };
        bars = match &token {
            TokenTree::Punct(punct) if punct.as_char() == '|' && bars < 2 => bars + 1,
            _ if bars == 2 => 3,
            _ => bars,
        };
        // Two words side by side are no expression.
        behind = bars == 3 && matches!(&token, TokenTree::Group(_) | TokenTree::Ident(_));
        block = matches!(&token, TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace);
        tokens.extend([token]);
    }
    tokens
}

/// The `async` of `|e| async move { .. }`.
fn async_body(closure: &TokenStream) -> Option<proc_macro2::Span> {
    let bar = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '|');
    let mut body =
        closure.clone().into_iter().skip_while(|token| !bar(token)).skip(1).skip_while(|token| !bar(token)).skip(1);
    match body.next() {
        Some(TokenTree::Ident(word)) if word == "async" => Some(word.span()),
        _ => None,
    }
}

/// The `await` of a closure in which nothing is `async`. What a macro makes of its own is not known.
fn awaits(closure: &TokenStream) -> Option<proc_macro2::Span> {
    fn find(tokens: TokenStream, found: &mut Option<proc_macro2::Span>, asynchronous: &mut bool) {
        let mut before = None;
        for token in tokens {
            match &token {
                TokenTree::Ident(word) if word == "async" => *asynchronous = true,
                TokenTree::Ident(word) if word == "await" && before == Some('.') => {
                    *found = found.or(Some(word.span()))
                }
                TokenTree::Group(group) if before != Some('!') => find(group.stream(), found, asynchronous),
                _ => {}
            }
            before = if let TokenTree::Punct(sign) = &token { Some(sign.as_char()) } else { None };
        }
    }
    let (mut found, mut asynchronous) = (None, false);
    find(closure.clone(), &mut found, &mut asynchronous);
    found.filter(|_| !asynchronous)
}

/// What stands between the bars.
fn parameter(closure: &TokenStream) -> Parameter {
    let bar = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '|');
    let amp = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == '&');
    let between: Vec<TokenTree> =
        closure.clone().into_iter().skip_while(|token| !bar(token)).skip(1).take_while(|token| !bar(token)).collect();
    // The colon of the annotation, not one of a path's `::`.
    let mut joint = false;
    let colon = between.iter().position(|token| {
        let TokenTree::Punct(punct) = token else {
            joint = false;
            return false;
        };
        let found = punct.as_char() == ':' && !joint && punct.spacing() == Spacing::Alone;
        joint = punct.as_char() == ':' && punct.spacing() == Spacing::Joint;
        found
    });
    let Some(colon) = colon else { return Parameter { borrowed: amp(between.first()), event: None } };
    // A `&'static T` is a value of its own.
    let owned = matches!(between.get(colon + 3), Some(TokenTree::Ident(lifetime)) if lifetime == "static");
    let borrowed = amp(between.get(colon + 1)) && !owned;
    let event = between[colon + 1 + usize::from(borrowed)..].iter().cloned().collect();
    Parameter { borrowed, event: Some(event) }
}
