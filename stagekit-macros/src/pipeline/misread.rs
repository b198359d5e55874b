//! What is written where it means something else: a body in the place of a stage, a branch's event among arguments,
//! options in parentheses, a `?` in a closure that cannot fail.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Expr, Macro, Stmt};

use super::ast::{Path, Stage, Target};
use super::graph::is_option;
use crate::diagnostic::{Diagnostics, written};

/// What acts, and is worth nothing.
const ACTS: [&str; 9] = ["print", "println", "eprint", "eprintln", "assert", "assert_eq", "write", "writeln", "todo"];

/// `{ println!(..) }`, `{ total += n; }`: a body, and no value that could be a stage.
pub(crate) fn is_body(group: &Group) -> bool {
    let Ok(block) = syn::parse2::<Block>(group.to_token_stream()) else { return false };
    let acts = |call: &Macro| call.path.segments.last().is_some_and(|last| ACTS.iter().any(|word| last.ident == word));
    match block.stmts.last() {
        None | Some(Stmt::Item(_)) => false,
        Some(Stmt::Local(_) | Stmt::Expr(Expr::Assign(_) | Expr::ForLoop(_) | Expr::While(_), _)) => true,
        Some(Stmt::Expr(Expr::If(choice), None)) => choice.else_branch.is_none(),
        Some(Stmt::Expr(Expr::Macro(call), None)) => acts(&call.mac),
        Some(Stmt::Expr(Expr::Return(_) | Expr::Break(_) | Expr::Loop(_), _)) => false,
        Some(Stmt::Expr(Expr::Binary(binary), None)) => {
            binary.op.to_token_stream().to_string().len() > 1 && {
                let op = binary.op.to_token_stream().to_string();
                op.ends_with('=') && !["==", "!=", "<=", ">="].contains(&op.as_str())
            }
        }
        Some(Stmt::Macro(call)) => call.semi_token.is_some() || acts(&call.mac),
        Some(Stmt::Expr(_, semicolon)) => semicolon.is_some(),
    }
}

/// What is said of a body; `event` is how its closure would name the event.
pub(crate) fn body(event: &str) -> String {
    format!("braces hold a value that is a stage, and this is a body: give it to a closure, `|{event}| {{ .. }}`")
}

/// The first argument, if all of them are what the pattern binds. What is made of a variable may be of another one that
/// has the name.
fn bound(args: TokenStream, names: &[Ident]) -> Option<Ident> {
    let mut words = Vec::new();
    for token in args {
        match token {
            TokenTree::Ident(word) => words.push(word),
            TokenTree::Punct(sign) if sign.as_char() == ',' => {}
            _ => return None,
        }
    }
    (words == names).then(|| words.into_iter().next())?
}

/// `A(id) => ship(id)`: what a branch binds is its event already. A stage that is given it stands for nothing.
pub(crate) fn given(leg: &mut Path, names: &[Ident], errors: &mut Diagnostics) {
    match &mut leg.head {
        Target::List(list) => list.legs.iter_mut().for_each(|leg| given(leg, names, errors)),
        // Further on it is hardly meant: a variable outside has the name.
        Target::Node(node) => {
            let Stage::Named(named) = &node.stage else { return };
            let Some(args) = &named.args else { return };
            let Some(word) = bound(args.stream(), names) else { return };
            let stage = &named.name;
            let text = format!(
                "`{word}` is the event of this branch, and a stage takes its event from the edge: write `=> {stage}` \
                 (if you mean a variable outside, give one of the two another name)"
            );
            errors.error(word.span(), text);
            leg.head = Target::Missing;
        }
        _ => {}
    }
}

/// The option in `(workers = 2)`, and how it is written.
pub(crate) fn option(args: &TokenStream) -> Option<(Span, String)> {
    let mut tokens = args.clone().into_iter();
    let (Some(TokenTree::Ident(word)), Some(TokenTree::Punct(sign))) = (tokens.next(), tokens.next()) else {
        return None;
    };
    let assigned = sign.as_char() == '=' && sign.spacing() == proc_macro2::Spacing::Alone;
    let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',');
    let value: TokenStream = tokens.take_while(|token| !comma(token)).collect();
    (assigned && is_option(&word)).then(|| (word.span(), format!(".{word}({})", written(&value))))
}

/// `|e| .. (workers = 2)`: the option, and the closure without it.
pub(crate) fn option_of_a_closure(closure: &TokenStream) -> Option<(Span, String, TokenStream)> {
    let mut tokens: Vec<TokenTree> = closure.clone().into_iter().collect();
    let Some(TokenTree::Group(last)) = tokens.pop() else { return None };
    // `|n| (buffer = n)` is an assignment: there is no other body.
    if matches!(tokens.last(), Some(TokenTree::Punct(bar)) if bar.as_char() == '|') {
        return None;
    }
    let (span, option) = (last.delimiter() == Delimiter::Parenthesis).then(|| option(&last.stream()))??;
    Some((span, option, tokens.into_iter().collect()))
}

/// `|e| { .. }.workers(2)`: as [`option_of_a_closure`]. Of what a body is worth no method has this name.
pub(crate) fn option_of_a_body(closure: &TokenStream) -> Option<(Span, String, TokenStream)> {
    let tokens: Vec<TokenTree> = closure.clone().into_iter().collect();
    let body = tokens
        .iter()
        .rposition(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace))?;
    // Right behind the bars, or what the closure returns: what stands before is no expression.
    let bar = |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == '|');
    let returns =
        || tokens[..body].windows(3).any(|t| bar(&t[0]) && t[1].to_string() == "-" && t[2].to_string() == ">");
    if body == 0 || !(bar(&tokens[body - 1]) || returns()) {
        return None;
    }
    let [TokenTree::Punct(dot), TokenTree::Ident(word), TokenTree::Group(args), ..] = &tokens[body + 1..] else {
        return None;
    };
    // These may be methods of anything.
    let known = is_option(word) && !["name", "timeout", "batch", "buffer"].iter().any(|other| word == other);
    let option = known && dot.as_char() == '.' && args.delimiter() == Delimiter::Parenthesis;
    let written = || format!(".{word}({})", written(&args.stream()));
    option.then(|| (word.span(), written(), tokens[..=body].iter().cloned().collect()))
}

/// The `?` that a bare closure ends with: it would return what the `?` leaves, and no `Result`.
pub(crate) fn question(closure: &TokenStream) -> Option<Span> {
    let mut before = None;
    for token in closure.clone() {
        // The closure says what it returns.
        if let (Some('-'), TokenTree::Punct(sign)) = (before, &token)
            && sign.as_char() == '>'
        {
            return None;
        }
        before = if let TokenTree::Punct(sign) = &token { Some(sign.as_char()) } else { None };
    }
    let mut last = closure.clone().into_iter().collect::<Vec<_>>().into_iter().rev();
    match (last.next()?, last.next()) {
        // Of a call: `|o: Option<Option<u64>>| o?` has a value.
        (TokenTree::Punct(sign), Some(TokenTree::Group(call)))
            if sign.as_char() == '?' && call.delimiter() == Delimiter::Parenthesis =>
        {
            Some(sign.span())
        }
        // The body is a block, and neither a `match` nor what a macro makes something of.
        (TokenTree::Group(body), Some(TokenTree::Punct(bar)))
            if body.delimiter() == Delimiter::Brace && bar.as_char() == '|' =>
        {
            question(&body.stream())
        }
        _ => None,
    }
}
