//! `else target`: where the errors of a stage go, and what people write in its place.

use proc_macro2::{Delimiter, Ident, TokenTree};
use syn::parse::ParseStream;
use syn::{Token, token};

use super::ast::{Node, Otherwise, Stage, Target};
use super::parse::{arrow, target, within};
use super::{closure, elsewhere};
use crate::diagnostic::Diagnostics;

/// What catches errors in other languages.
const ELSEWHERE: [&str; 7] = ["catch", "rescue", "except", "otherwise", "recover", "or_else", "on_error"];

/// What stands behind a node and its options.
pub(crate) fn parse(input: ParseStream<'_>, node: &Node, errors: &mut Diagnostics) -> Option<Otherwise> {
    let caught = |span, target| Some(Otherwise { span, target: Box::new(target) });
    if let Ok(word) = input.parse::<Token![else]>() {
        return caught(word.span, target(input, errors, word.span));
    }
    if input.peek(Token![.]) && input.peek2(Token![else]) {
        let _ = input.parse::<Token![.]>();
        let word = input.parse::<Token![else]>().ok()?;
        let group = match input.cursor().token_tree() {
            Some((TokenTree::Group(group), _)) if group.delimiter() == Delimiter::Parenthesis => group,
            _ => {
                errors.error(word.span, "`else` is no option of a stage, but stands behind it: `stage else other`");
                return caught(word.span, target(input, errors, word.span));
            }
        };
        let (stage, other) = (named(node), elsewhere::quoted(group.stream(), "|error| .."));
        let text = format!("`else` is no option of a stage, but stands behind it: `{stage} else {other}`");
        errors.error(word.span, text);
        let _ = input.parse::<TokenTree>();
        let target = within(&group, |inside| Some(target(inside, errors, word.span)));
        return caught(word.span, target.unwrap_or(Target::Missing));
    }
    let word = other_word(input)?;
    errors.error(word.span(), format!("errors are caught with `else`: `{} else |error| ..`", named(node)));
    let _ = input.parse::<Ident>();
    caught(word.span(), target(input, errors, word.span()))
}

/// `catch |e| ..`: the word.
pub(crate) fn other_word(input: ParseStream<'_>) -> Option<Ident> {
    let ahead = input.fork();
    let word = ahead.parse::<Ident>().ok().filter(|word| ELSEWHERE.iter().any(|known| word == known))?;
    (!closure::ends(&ahead) && !ahead.peek(token::Paren)).then_some(word)
}

fn named(node: &Node) -> String {
    match &node.stage {
        Stage::Named(named) => named.name.to_string(),
        _ => "stage".into(),
    }
}

/// What stands in the place of the `;` of a `let` that begins at `begin`.
pub(crate) fn behind_let(
    name: &Ident,
    node: &mut Node,
    begin: ParseStream<'_>,
    input: ParseStream<'_>,
    errors: &mut Diagnostics,
) {
    let (span, ahead) = (input.span(), input.fork());
    let arrow = match &node.otherwise {
        Some(otherwise) if matches!(*otherwise.target, Target::Missing) => return,
        Some(otherwise) if matches!(*otherwise.target, Target::Node(_)) => arrow(&ahead),
        _ => None,
    };
    let (Some(arrow), Some(otherwise)) = (arrow, &mut node.otherwise) else {
        return errors.error(span, format!("expected `;`: `let {name} = stage;` names one stage"));
    };
    // It was meant as the first of a path: what it does there is not what it would do here.
    *otherwise.target = Target::Missing;
    let item = |input: ParseStream<'_>| {
        let mut tokens = Vec::new();
        while !(input.is_empty() || input.peek(Token![;])) {
            tokens.extend(input.parse::<TokenTree>());
        }
        tokens
    };
    let all = item(begin);
    let is_else = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "else");
    // A closure may have an `else` of its own, the stage's before the path or one of the path.
    let at = match node.stage {
        Stage::Closure(_) => all.iter().rposition(is_else),
        _ => all.iter().position(is_else),
    };
    let path = elsewhere::quoted(all.into_iter().skip(at.map_or(0, |at| at + 1)).collect(), "a => b");
    let text = format!("behind `else` stands one stage; a path stands in brackets: `else [{path}]`");
    errors.between(arrow.start, arrow.end, text);
}
