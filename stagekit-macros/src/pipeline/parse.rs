//! The grammar. It never gives up: a mistake is noted, what follows is still read, and the user's own expressions are
//! passed on as they are, so that half-typed input expands to something that an editor can complete.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Result, Token, token};

use super::ast::{Arrow, Item, Key, List, Mode, Named, Node, Opt, Path, Source, Stage, Target};
use super::{branches, closure, elsewhere, feedback, misread, otherwise};
use crate::diagnostic::Diagnostics;

/// What may stand behind the leg of a `match`.
pub(crate) const NEXT_BRANCH: &str = "`,` (next branch)";

const STAGE: &str =
    "expected a stage: `name`, `name(args)`, `|event| ...`, `{ value }`, `[a, b]`, `match { .. }` or `_`";

/// Reads the whole of a `pipeline!`.
pub(crate) fn parse(input: TokenStream, errors: &mut Diagnostics) -> Source {
    let mut source = Source::default();
    let read = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if setting(input, &mut source, errors) {
            } else if input.peek(Token![,]) {
                errors.error(input.span(), "expected `;`: paths are separated by semicolons");
                let _ = input.parse::<Token![,]>();
            } else if input.parse::<Token![;]>().is_err() {
                source.items.push(item(input, errors));
            }
        }
        Ok(())
    };
    if let Err(error) = read.parse2(input) {
        errors.push(error);
    }
    source
}

/// What is said of the whole before its first item.
fn setting(input: ParseStream<'_>, source: &mut Source, errors: &mut Diagnostics) -> bool {
    let span = input.span();
    let word = if input.peek(Token![crate]) && input.peek2(Token![=]) && !input.peek2(Token![=>]) {
        let _ = (input.parse::<Token![crate]>(), input.parse::<Token![=]>());
        let ahead = input.fork();
        match ahead.call(syn::Path::parse_mod_style) {
            Ok(path) if ahead.is_empty() || ahead.peek(Token![;]) => {
                closure::advance(input, &ahead);
                source.kit = Some(path.into_token_stream());
            }
            _ => {
                errors.error(span, "expected the path of stagekit: `crate = my::stagekit;`");
                skip_item(input);
            }
        }
        "crate = path"
    } else if input.fork().parse::<Ident>().is_ok_and(|word| word == "independent") && input.peek2(Token![;]) {
        let _ = input.parse::<Ident>();
        source.independent = Some(span);
        "independent"
    } else {
        return false;
    };
    if !source.items.is_empty() {
        errors.error(span, format!("`{word};` is said of the whole: write it first"));
    }
    true
}

/// Reads a `node!`: one node, and nothing behind it.
pub(crate) fn single(input: TokenStream, errors: &mut Diagnostics) -> Option<Node> {
    let mut found = None;
    let read = |input: ParseStream<'_>| {
        found = node(input, errors, Span::call_site());
        if found.is_some() && !input.is_empty() {
            errors.error(
                input.span(),
                "expected one stage: edges are calls of `stagekit::builder`, or of a graph: `graph.link(a, b)`",
            );
        }
        while !input.is_empty() {
            let _ = input.parse::<TokenTree>();
        }
        Ok(())
    };
    if let Err(error) = read.parse2(input) {
        errors.push(error);
    }
    found
}

fn item(input: ParseStream<'_>, errors: &mut Diagnostics) -> Item {
    if !input.peek(Token![let]) {
        return Item::Path(path(input, errors, "`;` (next path)"));
    }
    let word = input.span();
    let _ = input.parse::<Token![let]>();
    if let Ok(word) = input.parse::<Token![mut]>() {
        errors.error(word.span, "`let` names a stage, which is no variable: remove the `mut`");
    }
    let head = Ident::parse_any(input);
    let Ok(name) = head else {
        errors.error(word, "expected a name: `let name = stage;`");
        skip_item(input);
        return Item::Path(Path { head: Target::Missing, rest: Vec::new() });
    };
    if input.parse::<Token![=]>().is_err() {
        errors.error(name.span(), format!("expected a stage: `let {name} = stage;`"));
        skip_item(input);
        return Item::Path(Path { head: Target::Missing, rest: Vec::new() });
    }
    let begin = input.fork();
    let found = if let Some(group) = elsewhere::path_in(input) {
        let _ = input.parse::<TokenTree>();
        skip_item(input);
        let read = |inside: ParseStream<'_>| {
            let begin = inside.fork();
            let mut found = target(inside, errors, name.span());
            match &mut found {
                Target::Node(node) if node.otherwise.is_some() => {
                    otherwise::behind_let(&name, node, &begin, inside, errors);
                }
                _ => {
                    let text = format!("`let {name} = stage;` names one stage: write the path where `{name}` is used");
                    errors.error(group.span(), text);
                }
            }
            Some(found)
        };
        within(&group, read).unwrap_or(Target::Missing)
    } else {
        target(input, errors, name.span())
    };
    match found {
        Target::Node(mut node) => {
            if !(input.is_empty() || input.peek(Token![;])) {
                otherwise::behind_let(&name, &mut node, &begin, input, errors);
                skip_item(input);
            }
            Item::Let(name, node)
        }
        other => {
            let (what, span) = match &other {
                Target::List(list) => ("list", list.span),
                Target::Match(branches) => ("match", branches.span),
                Target::Feedback(feedback) => {
                    errors.error(feedback.span, format!("expected a stage: `let {name} = stage;`"));
                    return Item::Path(Path { head: Target::Missing, rest: Vec::new() });
                }
                _ => return Item::Path(Path { head: Target::Missing, rest: Vec::new() }),
            };
            errors.error(span, format!("a {what} has no name: write the {what} where `{name}` is used"));
            Item::Path(Path { head: Target::Missing, rest: Vec::new() })
        }
    }
}

/// Reads what stands in a group.
pub(crate) fn within<T: Default>(group: &Group, read: impl FnOnce(ParseStream<'_>) -> T) -> T {
    let read = |inside: ParseStream<'_>| {
        let found = read(inside);
        inside.parse::<TokenStream>().map(|_| found)
    };
    read.parse2(group.stream()).unwrap_or_default()
}

/// A path ends at `;`, at `,` and where the input ends. `or` is what may stand behind it.
fn path(input: ParseStream<'_>, errors: &mut Diagnostics, or: &str) -> Path {
    path_behind(input, errors, or, input.span())
}

/// As [`path`], behind `before`.
pub(crate) fn path_behind(input: ParseStream<'_>, errors: &mut Diagnostics, or: &str, before: Span) -> Path {
    let mut head = target(input, errors, before);
    let mut rest = Vec::new();
    loop {
        if let Some(arrow) = arrow(input) {
            rest.push((arrow, target(input, errors, arrow.start)));
        } else if let Some(here) = elsewhere::backwards(input, errors) {
            // Which of the two feeds the other is told; neither is checked.
            *rest.last_mut().map_or(&mut head, |(_, last)| last) = Target::Missing;
            rest.push((here, Target::Missing));
            rest.push((here, target(input, errors, here.start)));
        } else if input.is_empty() || input.peek(Token![;]) || input.peek(Token![,]) {
            return Path { head, rest };
        } else if input.peek(Token![else]) {
            errors.error(input.span(), "`else` belongs to one stage: write it behind that stage's name");
            rest.push((Arrow { start: input.span(), end: input.span(), fused: false }, Target::Missing));
            skip(input);
        } else if let Some((spelt, arrow)) = strange_arrow(input) {
            errors.between(
                arrow.start,
                arrow.end,
                format!("unknown arrow `{spelt}`: use `=>` (a subscription) or `->` (fused)"),
            );
            rest.push((arrow, target(input, errors, arrow.start)));
        } else {
            errors.error(input.span(), format!("expected `=>` (next stage) or {or}"));
            if or == NEXT_BRANCH && branches::begins(input) {
                return Path { head, rest };
            }
            // What was meant is not known: the rest of the path stands behind nothing.
            let here = Arrow { start: input.span(), end: input.span(), fused: false };
            rest.push((here, Target::Missing));
            if node_begins(input) {
                rest.push((here, target(input, errors, here.start)));
            } else {
                skip(input);
            }
        }
    }
}

pub(crate) fn arrow(input: ParseStream<'_>) -> Option<Arrow> {
    if let Ok(arrow) = input.parse::<Token![=>]>() {
        return Some(Arrow { start: arrow.spans[0], end: arrow.spans[1], fused: false });
    }
    let arrow = input.parse::<Token![->]>().ok()?;
    Some(Arrow { start: arrow.spans[0], end: arrow.spans[1], fused: true })
}

/// `~>`, `|>`, `==>`, `-->`, `>>`: an arrow from another language.
fn strange_arrow(input: ParseStream<'_>) -> Option<(String, Arrow)> {
    let mut found = Vec::new();
    let mut cursor = input.cursor();
    while let Some((punct, next)) = cursor.punct() {
        if !"~|=->".contains(punct.as_char()) {
            break;
        }
        let end = punct.as_char() == '>' && punct.spacing() == proc_macro2::Spacing::Alone;
        found.push(punct);
        cursor = next;
        if end {
            break;
        }
    }
    let (first, last) = (found.first()?, found.last()?);
    if found.len() < 2 || last.as_char() != '>' {
        return None;
    }
    for _ in &found {
        let _ = input.parse::<TokenTree>();
    }
    let spelt = found.iter().map(|punct| punct.as_char()).collect();
    Some((spelt, Arrow { start: first.span(), end: last.span(), fused: false }))
}

fn node_begins(input: ParseStream<'_>) -> bool {
    input.peek(syn::Ident)
        || input.peek(Token![|])
        || input.peek(Token![move])
        || input.peek(token::Bracket)
        || input.peek(token::Brace)
        || input.peek(Token![_])
}

/// A node or a list. `before` is where its absence is reported when nothing follows.
pub(crate) fn target(input: ParseStream<'_>, errors: &mut Diagnostics, before: Span) -> Target {
    if input.peek(token::Bracket) || elsewhere::other_brackets(input, errors) {
        return list(input, errors, Mode::All);
    }
    if input.peek(Token![match]) {
        return branches::parse(input, errors);
    }
    if let Some(group) = elsewhere::else_in(input) {
        let text = elsewhere::quoted(group.stream(), "stage else other");
        errors.error(group.span(), format!("a stage and its `else` stand without brackets: `{text}`"));
        let _ = input.parse::<TokenTree>();
        let _ = options(input, &mut Diagnostics::default());
        return within(&group, |inside| Some(target(inside, errors, before))).unwrap_or(Target::Missing);
    }
    if let Some(word) = elsewhere::word_called(input, errors) {
        let _ = input.parse::<Ident>();
        if word == "by" {
            let _ = input.parse::<TokenTree>();
        }
        let list = list(input, errors, if word == "all" { Mode::All } else { Mode::Any(word.span()) });
        let _ = options(input, &mut Diagnostics::default());
        return list;
    }
    if input.peek(syn::Ident) && (input.peek2(token::Bracket) || input.peek2(Token![|]) || input.peek2(Token![move])) {
        let word = input.fork().parse::<Ident>().map(|word| word.to_string()).unwrap_or_default();
        match (word.as_str(), input.peek2(token::Bracket)) {
            ("all", true) => {
                let _ = input.parse::<Ident>();
                return list(input, errors, Mode::All);
            }
            ("any", true) => {
                let span = input.span();
                let _ = input.parse::<Ident>();
                return list(input, errors, Mode::Any(span));
            }
            ("by", true) => {
                let span = input.span();
                let _ = input.parse::<Ident>();
                errors.error(span, "partitioning needs a key: `by |e| e.id [..]`");
                return list(input, errors, Mode::Any(span));
            }
            ("by", false) => return by(input, errors),
            _ => {}
        }
    }
    if elsewhere::all_of_one(input, errors) {
        return target(input, errors, before);
    }
    if feedback::begins(input, errors) {
        return feedback::parse(input, errors, options);
    }
    if let Some(span) = elsewhere::by(input, errors) {
        return if input.peek(token::Bracket) { list(input, errors, Mode::Any(span)) } else { Target::Missing };
    }
    node(input, errors, before).map_or(Target::Missing, Target::Node)
}

fn by(input: ParseStream<'_>, errors: &mut Diagnostics) -> Target {
    let span = input.span();
    let _ = input.parse::<Ident>();
    let _ = input.parse::<Token![move]>();
    let _ = input.parse::<Token![|]>();
    let mut parameter = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![|]) {
        parameter.extend(input.parse::<TokenTree>());
    }
    let _ = input.parse::<Token![|]>();
    // The list is the last `[..]` before the path goes on: in `by |e| e.ids[0] [a, b]` the first belongs to the key.
    let mut body = TokenStream::new();
    while !closure::ends(input) {
        if input.peek(token::Bracket) {
            let ahead = input.fork();
            let _ = ahead.parse::<TokenTree>();
            if closure::ends(&ahead) {
                return list(input, errors, Mode::By(Key { span, parameter, body }));
            }
        }
        body.extend(input.parse::<TokenTree>());
    }
    errors.error(span, "`by` needs a list to lead into: `by |e| e.id [..]`");
    Target::Missing
}

fn list(input: ParseStream<'_>, errors: &mut Diagnostics, mode: Mode) -> Target {
    let mut legs = Vec::new();
    let mut span = input.span();
    let mut read = |input: ParseStream<'_>| -> Result<()> {
        let (inside, brackets) = elsewhere::brackets(input)?;
        span = brackets;
        if inside.is_empty() {
            errors.error(span, "empty stage list: name at least one stage between `[` and `]`");
        }
        while !inside.is_empty() {
            legs.push(path(&inside, errors, "`,` (next leg)"));
            if inside.peek(Token![;]) {
                errors.error(inside.span(), "expected `,`: a list separates its legs by commas");
                let _ = inside.parse::<Token![;]>();
            }
            let _ = inside.parse::<Token![,]>();
        }
        Ok(())
    };
    match read(input) {
        Ok(()) if legs.is_empty() => Target::Missing,
        Ok(()) => Target::List(List { mode, span, legs }),
        Err(error) => {
            errors.push(error);
            Target::Missing
        }
    }
}

fn node(input: ParseStream<'_>, errors: &mut Diagnostics, before: Span) -> Option<Node> {
    let stage = stage(input, errors, before)?;
    let options = options(input, errors);
    if let Ok(sign) = input.parse::<Token![?]>() {
        errors.error(sign.span, "no `?` here: what a stage returns as `Err` goes to its `else`, or ends the pipeline");
    }
    let mut node = Node { stage, options, otherwise: None };
    node.otherwise = otherwise::parse(input, &node, errors);
    Some(node)
}

fn stage(input: ParseStream<'_>, errors: &mut Diagnostics, before: Span) -> Option<Stage> {
    let span = input.span();
    if let Ok(dots) = input.parse::<Token![..]>() {
        return Some(Stage::Open(dots.spans[0], dots.spans[1]));
    }
    if input.parse::<Token![_]>().is_ok() {
        return Some(Stage::Discard(span));
    }
    closure::elsewhere(input, errors);
    if closure::begins(input) {
        return closure::parse(input, errors).map(Stage::Closure);
    }
    if input.peek(token::Brace) {
        let group = group(input)?;
        if let Some(text) = elsewhere::closure_in(&group, input) {
            errors.error(group.span(), text);
            return within(&group, |inside| closure::parse(inside, errors)).map(Stage::Closure);
        }
        if misread::is_body(&group) {
            errors.error(group.span(), misread::body("event"));
            return None;
        }
        return Some(Stage::Value(group));
    }
    if input.peek(token::Paren) {
        return parenthesised(input, errors);
    }
    let ahead = input.fork();
    match ahead.parse::<syn::ExprPath>() {
        Ok(path) if input.peek(syn::Ident) || input.peek(Token![<]) || input.peek(Token![::]) || path_word(input) => {
            closure::advance(input, &ahead);
            let name = path.path.segments.last()?.ident.clone();
            let bare = path.qself.is_none() && path.path.get_ident().is_some() && !input.peek(Token![<]);
            let mut tokens = path.into_token_stream();
            // `name<T>` is what the compiler suggests where `name::<T>` is missing.
            generics(input).to_tokens(&mut tokens);
            if elsewhere::no_stage(input, &tokens, &name, errors) {
                return None;
            }
            let args = if input.peek(token::Paren) { group(input) } else { None };
            if elsewhere::value(&tokens, &name, args.as_ref(), errors) {
                let args = args?;
                let mut value = Group::new(Delimiter::Brace, quote::quote!(#tokens #args));
                value.set_span(name.span());
                return Some(Stage::Value(value));
            }
            if let Some((span, option)) = args.as_ref().and_then(|args| misread::option(&args.stream())) {
                errors.error(span, format!("options follow the stage: `{name}{option}`"));
                skip(input);
                return None;
            }
            if let (true, Some(args)) = (bare, &args)
                && let Some(text) = closure::called(&name, &args.stream())
            {
                errors.error(name.span(), text);
                skip(input);
                return None;
            }
            Some(Stage::Named(Named { path: tokens, name, bare, args }))
        }
        _ => {
            let nothing = input.is_empty() || input.peek(Token![;]) || input.peek(Token![,]);
            let text = match () {
                () if input.peek(syn::Lit) => elsewhere::LITERAL,
                () if input.peek(Token![if]) => elsewhere::CHOICE,
                () => STAGE,
            };
            errors.error(if nothing { before } else { span }, text);
            skip(input);
            None
        }
    }
}

fn path_word(input: ParseStream<'_>) -> bool {
    input.peek(Token![self]) || input.peek(Token![crate]) || input.peek(Token![super]) || input.peek(Token![Self])
}

/// `(|e| ..)`: parentheses say where a closure ends, so that options can follow.
fn parenthesised(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<Stage> {
    let whole = group(input)?;
    let mut found = None;
    let read = |inside: ParseStream<'_>| -> Result<()> {
        if closure::begins(inside) {
            found = closure::parse(inside, errors);
        } else {
            errors.error(
                whole.span(),
                "parentheses hold a closure, `(|e| ..).workers(4)`; a value is written `{ value }`",
            );
        }
        while !inside.is_empty() {
            let _ = inside.parse::<TokenTree>();
        }
        Ok(())
    };
    let _ = read.parse2(whole.stream());
    if found.is_none() {
        skip(input);
    }
    found.map(Stage::Closure)
}

fn options(input: ParseStream<'_>, errors: &mut Diagnostics) -> Vec<Opt> {
    let mut options = Vec::new();
    while input.peek(Token![.]) && !input.peek(Token![..]) && !input.peek2(Token![else]) {
        options.extend(option(input, errors));
    }
    options
}

/// `.name(args)`, or as much of it as is there: the compiler says what is wrong with the rest.
fn option(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<Opt> {
    let dot = input.parse::<Token![.]>().ok()?;
    let Ok(name) = Ident::parse_any(input) else {
        errors.error(dot.span, "expected an option: `.workers(4)`, `.max_demand(20)`, `.name(\"..\")`");
        return None;
    };
    let mut tokens = dot.into_token_stream();
    name.to_tokens(&mut tokens);
    generics(input).to_tokens(&mut tokens);
    let args = if input.peek(token::Paren) { group(input) } else { None };
    if let Some(text) = args.as_ref().and_then(|args| closure::method(&name, &args.stream())) {
        errors.error(name.span(), text);
        return None;
    }
    args.to_tokens(&mut tokens);
    Some(Opt { name, args, tokens })
}

fn generics(input: ParseStream<'_>) -> Option<syn::AngleBracketedGenericArguments> {
    if !(input.peek(Token![<]) || input.peek(Token![::])) {
        return None;
    }
    let ahead = input.fork();
    let generics = ahead.parse().ok()?;
    closure::advance(input, &ahead);
    Some(generics)
}

fn group(input: ParseStream<'_>) -> Option<Group> {
    match input.parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) if group.delimiter() != Delimiter::None => Some(group),
        _ => None,
    }
}

/// To the next `;`.
fn skip_item(input: ParseStream<'_>) {
    while !(input.is_empty() || input.peek(Token![;])) {
        let _ = input.parse::<TokenTree>();
    }
}

/// Past what was not understood, to where a path can go on.
pub(crate) fn skip(input: ParseStream<'_>) {
    while !(closure::ends(input)) {
        let _ = input.parse::<TokenTree>();
    }
    // `else` leads on only from a stage.
    if input.peek(Token![else]) {
        let _ = input.parse::<TokenTree>();
        skip(input);
    }
}
