//! What people write who know it from elsewhere: each with what is written here. What was meant is read on.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseBuffer, ParseStream, Parser};
use syn::{Result, Token, braced, bracketed, parenthesized, token};

use super::ast::Arrow;
use super::closure;
use crate::diagnostic::{Diagnostics, written};

/// A number or a text in the place of a stage.
pub(crate) const LITERAL: &str = "a value is no stage: `{ from_iter(..) }` makes a producer of an iterator";

/// `if` in the place of a stage.
pub(crate) const CHOICE: &str = "a choice between stages is a `match`: `=> match { event if .. => stage, _ => _ }`";

/// What makes a value that is a node.
const MAKERS: [&str; 4] = ["from_iter", "from_stream", "from_source", "live"];

/// `a <- b`, `a <= b`, `a <~ b`, `a <| b`
pub(crate) fn backwards(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<Arrow> {
    let (first, next) = input.cursor().punct()?;
    let (second, _) = next.punct()?;
    if first.as_char() != '<' || !"-=~|".contains(second.as_char()) {
        return None;
    }
    for _ in 0..2 {
        let _ = input.parse::<TokenTree>();
    }
    errors.between(first.span(), second.span(), "edges lead to the right: write `producer => consumer`");
    Some(Arrow { start: first.span(), end: second.span(), fused: false })
}

/// `(a, b)` and `{ a, b }`: a list in other brackets.
pub(crate) fn other_brackets(input: ParseStream<'_>, errors: &mut Diagnostics) -> bool {
    let list = match input.cursor().token_tree() {
        Some((TokenTree::Group(group), _)) if input.peek(token::Paren) => has_comma(&group) && !is_closure(&group),
        Some((TokenTree::Group(group), _)) if input.peek(token::Brace) => {
            has_comma(&group) && syn::parse2::<syn::Block>(group.into_token_stream()).is_err()
        }
        _ => false,
    };
    if let (true, Some((token, _))) = (list, input.cursor().token_tree()) {
        errors.error(token.span(), "a list is written in brackets: `[a, b]`");
    }
    if let (false, Some(group)) = (list, path_in(input)) {
        errors.error(group.span(), format!("a path is written in brackets: `[{}]`", quoted(group.stream(), "a => b")));
        return true;
    }
    list
}

/// `(a => b)` and `{ a -> b }`: a path in other brackets. A closure and a block may have a `->` of their own.
pub(crate) fn path_in(input: ParseStream<'_>) -> Option<Group> {
    let Some((TokenTree::Group(group), _)) = input.cursor().token_tree() else { return None };
    if !matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::Brace) {
        return None;
    }
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let arrow = |shaft| {
        let is = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
        tokens.windows(2).any(|pair| is(&pair[0], shaft) && is(&pair[1], '>'))
    };
    let of_rust = || is_closure(&group) || syn::parse2::<syn::Block>(group.to_token_stream()).is_ok();
    (arrow('=') || arrow('-') && !of_rust()).then_some(group)
}

/// `{ parse else print }`: a stage and its `else`, in braces or parentheses.
pub(crate) fn else_in(input: ParseStream<'_>) -> Option<Group> {
    let Some((TokenTree::Group(group), _)) = input.cursor().token_tree() else { return None };
    let read = |inside: ParseStream<'_>| {
        let mut found = inside.parse::<syn::ExprPath>().is_ok();
        while found && (inside.peek(token::Paren) || inside.peek(Token![.]) || inside.peek2(token::Paren)) {
            found = inside.parse::<TokenTree>().is_ok();
        }
        let found = found && inside.peek(Token![else]);
        inside.parse::<TokenStream>().map(|_| found)
    };
    let other = matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::Brace);
    (other && read.parse2(group.stream()).unwrap_or(false)).then_some(group)
}

/// What the user wrote, if it is short; else something like it.
pub(crate) fn quoted(tokens: TokenStream, or: &str) -> String {
    let text = written(&tokens);
    if text.len() <= 60 { text } else { or.to_owned() }
}

/// `{ |n| n + 1 }`: what is said of a closure in braces.
pub(crate) fn closure_in(group: &Group, input: ParseStream<'_>) -> Option<String> {
    let read = |inside: ParseStream<'_>| {
        if !(inside.peek(Token![|]) || inside.peek(Token![||]) || inside.peek(Token![move])) {
            let _ = inside.parse::<Ident>()?;
        }
        inside.parse::<syn::ExprClosure>()
    };
    // A block that begins with a closure, or with `filter || other`, is a value.
    if !is_closure(group) || group.stream().to_string().contains("||") || read.parse2(group.stream()).is_err() {
        return None;
    }
    let text = quoted(group.stream(), "|event| ..");
    Some(match input.peek(Token![.]) {
        true => format!("braces hold a value; a closure with options stands in parentheses: `({text}).workers(4)`"),
        false => format!("a closure stands without braces: `{text}`"),
    })
}

/// `any(a, b)`, `by(|e| e.id) [..]`: words of the language, written as calls.
pub(crate) fn word_called(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<Ident> {
    let ahead = input.fork();
    let word = ahead.parse::<Ident>().ok()?;
    let Ok(TokenTree::Group(args)) = ahead.parse::<TokenTree>() else { return None };
    if args.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let text = match (word.to_string().as_str(), ahead.cursor().token_tree()) {
        ("by", Some((TokenTree::Group(list), _))) if list.delimiter() == Delimiter::Bracket => {
            let key = if is_closure(&args) { quoted(args.stream(), "|e| e.id") } else { "|e| e.id".to_owned() };
            format!("the key stands behind the word: `by {key} [{}]`", quoted(list.stream(), ".."))
        }
        ("any" | "all", _) if are_stages(&args) => {
            let list = quoted(args.stream(), "a, b");
            format!("a list is written in brackets: `{word} [{list}]` (a stage of your own: `self::{word}(..)`)")
        }
        _ => return None,
    };
    errors.error(word.span(), text);
    Some(word)
}

/// Several names and calls of names, and maybe arrows: no values.
fn are_stages(args: &Group) -> bool {
    let read = |inside: ParseStream<'_>| {
        let (mut count, mut fine) = (0, true);
        while !inside.is_empty() {
            fine &= inside.parse::<Ident>().is_ok_and(|word| word.to_string().starts_with(char::is_lowercase));
            while !(inside.is_empty() || inside.peek(Token![,])) {
                let arrow = inside.peek(Token![=>]);
                fine &= arrow || inside.peek(token::Paren) || inside.peek(syn::Ident);
                let _ = if arrow {
                    inside.parse::<Token![=>]>().map(|_| ())
                } else {
                    inside.parse::<TokenTree>().map(|_| ())
                };
            }
            let _ = inside.parse::<Token![,]>();
            count += 1;
        }
        Ok(fine && count > 1)
    };
    read.parse2(args.stream()).unwrap_or(false)
}

fn is_closure(group: &Group) -> bool {
    let read = |input: ParseStream<'_>| {
        let begins = closure::begins(input);
        input.parse::<TokenStream>().map(|_| begins)
    };
    read.parse2(group.stream()).unwrap_or(false)
}

fn has_comma(group: &Group) -> bool {
    group.stream().into_iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
}

/// What stands in the brackets of a list, whatever brackets they are.
pub(crate) fn brackets<'a>(input: ParseStream<'a>) -> Result<(ParseBuffer<'a>, Span)> {
    let inside;
    let span = if input.peek(token::Paren) {
        parenthesized!(inside in input).span
    } else if input.peek(token::Brace) {
        braced!(inside in input).span
    } else {
        bracketed!(inside in input).span
    };
    Ok((inside, span.join()))
}

/// `by e.id [a, b]`: a key that is no closure. Gives the word, if it is so.
pub(crate) fn by(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<Span> {
    let ahead = input.fork();
    let word = ahead.parse::<Ident>().ok().filter(|word| word == "by")?;
    if !ahead.peek(syn::Ident) {
        return None;
    }
    errors.error(word.span(), "partitioning needs a key: `by |e| e.id [..]`");
    let _ = input.parse::<Ident>();
    while !closure::ends(input) {
        let ahead = input.fork();
        let _ = ahead.parse::<TokenTree>();
        if input.peek(token::Bracket) && closure::ends(&ahead) {
            break;
        }
        let _ = input.parse::<TokenTree>();
    }
    Some(word.span())
}

/// `any work`, `all work`: says what the words are for. The stage behind them is read on.
pub(crate) fn all_of_one(input: ParseStream<'_>, errors: &mut Diagnostics) -> bool {
    let ahead = input.fork();
    let Ok(word) = ahead.parse::<Ident>() else { return false };
    if !(word == "any" || word == "all") || !ahead.peek(syn::Ident) {
        return false;
    }
    let stage = ahead.parse::<Ident>().map(|stage| stage.to_string()).unwrap_or_default();
    let text = match word == "any" {
        true => format!(
            "`any` shares out events in a list: `any [{stage}, ..]`; to several of one stage: `{stage}.workers(4)`"
        ),
        false => format!("`all` is said of a list, `all [{stage}, ..]`: for one stage leave it out"),
    };
    errors.error(word.span(), text);
    let _ = input.parse::<Ident>();
    true
}

/// What follows a path and makes it something else than a stage: `name!(..)`, `name[..]`, `name { .. }`, `self.name`.
pub(crate) fn no_stage(input: ParseStream<'_>, path: &TokenStream, name: &Ident, errors: &mut Diagnostics) -> bool {
    let alone = path.clone().into_iter().count() == 1;
    let text = if input.peek(Token![!]) && name == "vec" {
        LITERAL.to_owned()
    } else if input.peek(Token![!]) {
        format!("a macro is no stage: call it in a closure, `|event| {name}!(..)`")
    } else if input.peek(token::Bracket) {
        format!("the arguments of a stage stand in parentheses: `{name}(..)`")
    } else if input.peek(token::Brace) && (name == "any" || name == "all") && alone {
        format!("a list is written in brackets: `{name} [a, b]`")
    } else if input.peek(token::Brace) {
        format!("expected `=>` (next stage), or the arguments in parentheses: `{name}(..)`")
    } else if name == "self" && alone {
        "a method is no stage: call it in a closure, `|event| self.method(event)`".to_owned()
    } else {
        return false;
    };
    errors.error(name.span(), text);
    while !closure::ends(input) {
        let _ = input.parse::<TokenTree>();
    }
    true
}

/// A call that makes a value, `from_iter(..)` or `Type::new(..)`: it stands in braces, and is read as if it did. A function
/// of a type that is not called is no stage at all.
pub(crate) fn value(path: &TokenStream, name: &Ident, args: Option<&Group>, errors: &mut Diagnostics) -> bool {
    let segments: Vec<Ident> = path
        .clone()
        .into_iter()
        .filter_map(|token| if let TokenTree::Ident(word) = token { Some(word) } else { None })
        .collect();
    let maker = segments.len() == 1 && args.is_some() && MAKERS.iter().any(|maker| name == maker);
    let owner = match segments.as_slice() {
        [.., owner, last] if last == name => owner.to_string(),
        _ => String::new(),
    };
    let builtin = |word: &str| {
        let size = word.trim_start_matches(['u', 'i', 'f']);
        word.len() == size.len() + 1 && (size == "size" || size.parse::<u8>().is_ok())
            || word == "str"
            || word == "char"
    };
    let of_a_type =
        (owner.starts_with(char::is_uppercase) || builtin(&owner)) && name.to_string().starts_with(char::is_lowercase);
    match args {
        Some(_) if maker => {
            let text = format!(
                "`{name}` makes a value, and a value stands in braces: `{{ {name}(..) }}` (a stage of your own: `self::{name}(..)`)"
            );
            errors.error(name.span(), text);
            true
        }
        Some(_) if of_a_type => {
            let text =
                format!("`{owner}::{name}` makes a value, and a value stands in braces: `{{ {owner}::{name}(..) }}`");
            errors.error(name.span(), text);
            true
        }
        None if of_a_type => {
            let text = format!("`{owner}::{name}` is no stage: call it in a closure, `|event| {owner}::{name}(event)`");
            errors.error(name.span(), text);
            true
        }
        _ => false,
    }
}
