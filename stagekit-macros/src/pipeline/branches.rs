//! `match { pattern if guard => leg, .. }`: how it is read, what a pattern binds, and the closure that rustc checks.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::buffer::Cursor;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Pat, Token, token};

use super::ast::{Arrow, Path, Target};
use super::closure::advance;
use super::tokens::{at, call, variable};
use super::{elsewhere, misread, parse};
use crate::diagnostic::{Diagnostics, written};
use crate::names::{after, ours, respan};

/// The most branches that lead to stages: the runtime has tuples as long as this.
const MOST: usize = 12;

/// `match { .. }`
pub(crate) struct Match {
    /// The word.
    pub(crate) span: Span,
    pub(crate) arms: Vec<Arm>,
    /// A branch was not understood: what is missing is not missing for the compiler.
    pub(crate) broken: bool,
}

/// `pattern if guard => leg`
pub(crate) struct Arm {
    pub(crate) branch: Branch,
    pub(crate) arrow: Arrow,
    pub(crate) leg: Path,
}

/// `pattern if guard`
pub(crate) struct Branch {
    /// `None` if it is none.
    pattern: Option<TokenStream>,
    guard: Option<TokenStream>,
    /// What it sends on: the names that the pattern binds, in the order of the text.
    names: Vec<Ident>,
    /// As the user wrote it.
    pub(crate) text: String,
    pub(crate) span: Span,
    /// The last token of the branch, its leg included.
    end: Span,
    /// It has a mistake that was reported: nothing is sent.
    pub(crate) dead: bool,
}

/// Reads from the word `match` on.
pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Diagnostics) -> Target {
    let span = input.span();
    let _ = input.parse::<Token![match]>();
    let usage = "`match` reads the events of the stage before it: `events => match { pattern => stage, .. }`";
    let mut scrutinee = None;
    while !input.peek(token::Brace) {
        if super::closure::ends(input) {
            errors.error(scrutinee.unwrap_or(span), usage);
            return Target::Missing;
        }
        scrutinee = scrutinee.or(Some(input.span()));
        let _ = input.parse::<TokenTree>();
    }
    let mut own = Diagnostics::default();
    if let Some(scrutinee) = scrutinee {
        own.error(scrutinee, usage);
    }
    let Ok(TokenTree::Group(group)) = input.parse::<TokenTree>() else { return Target::Missing };
    let mut arms = Vec::new();
    let read = |inside: ParseStream<'_>| {
        while !inside.is_empty() {
            if inside.peek(Token![,]) {
                own.error(inside.span(), A_BRANCH);
            } else {
                arms.extend(arm(inside, &mut own));
            }
            if inside.peek(Token![;]) {
                own.error(inside.span(), "expected `,`: a `match` separates its branches by commas");
                let _ = inside.parse::<Token![;]>();
            }
            let _ = inside.parse::<Token![,]>();
        }
        Ok(())
    };
    if let Err(error) = read.parse2(group.stream()) {
        own.push(error);
    }
    if arms.is_empty() && own.is_empty() {
        own.error(group.span(), "empty `match`: write at least one branch, `pattern => stage`");
    }
    let legs = arms.iter_mut().filter(|arm: &&mut Arm| !arm.leg.is_discard());
    for (at, arm) in legs.skip(MOST).enumerate() {
        if at == 0 {
            let text = format!(
                "more than {MOST} branches lead to stages: give the rest a `match` of its own, `other => match {{ .. }}`"
            );
            own.error(arm.branch.span, text);
        }
        arm.branch.dead = true;
        let leg = std::mem::replace(&mut arm.leg, Path { head: Target::Missing, rest: Vec::new() });
        arm.leg = leg.behind_a_mistake(arm.arrow);
    }
    let broken = !own.is_empty();
    errors.append(own);
    if arms.is_empty() { Target::Missing } else { Target::Match(Match { span, arms, broken }) }
}

fn arm(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<Arm> {
    let (span, begin) = (input.span(), input.cursor());
    let _ = input.parse::<Token![|]>();
    if let Ok(word) = input.parse::<Token![else]>() {
        errors.error(word.span, "what is left is written `_ => _`, or with a name, `other => stage`");
        skip_branch(input);
        return None;
    }
    let (tokens, parsed) = pattern(input);
    let mut dead = parsed.is_none();
    let when = other_if(input);
    if let Some(word) = &when {
        errors.error(word.span(), "a guard is written with `if`: `pattern if condition => stage`");
        let _ = input.parse::<TokenTree>();
    }
    let word = input.parse::<Token![if]>().map(|word| word.span).ok().or(when.map(|word| word.span()));
    let guard = word.map(|word| (word, guard(input)));
    if let Some((word, guard)) = &guard
        && guard.is_empty()
    {
        errors.error(*word, "expected a condition: `pattern if condition => stage`");
    }
    let guard = guard.map(|(_, guard)| guard).filter(|guard| !guard.is_empty());
    let last = last(begin, input.cursor()).unwrap_or(span);
    let arrow = parse::arrow(input);
    match arrow {
        None => {
            errors.error(last, if tokens.is_empty() { A_BRANCH } else { NO_TARGET });
            until(input, |input| input.peek(Token![=>]));
        }
        Some(_) if dead => errors.error(last, "expected a pattern: `Event::Order(order) => stage`"),
        Some(arrow) if arrow.fused => {
            let text = "a branch is written `pattern => stage`: its events leave the task, and `->` cannot lead there";
            errors.between(arrow.start, arrow.end, text);
        }
        Some(_) => {}
    }
    let mut names = Vec::new();
    if let Some(pattern) = &parsed {
        bindings(pattern, &mut names);
    }
    let mut leg = match arrow {
        None => Path { head: Target::Missing, rest: Vec::new() },
        Some(arrow) if input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]) => {
            errors.between(arrow.start, arrow.end, NO_TARGET);
            Path { head: Target::Missing, rest: Vec::new() }
        }
        Some(_) if is_nothing(input) => {
            let span = input.span();
            let _ = input.parse::<TokenTree>();
            errors.error(span, "to discard what comes here: `=> _`; to act on it: `=> |event| ..`");
            Path { head: Target::Missing, rest: Vec::new() }
        }
        Some(arrow) if elsewhere::path_in(input).is_some() => {
            let group = elsewhere::path_in(input)?;
            let text = elsewhere::quoted(group.stream(), "a => b");
            errors.error(group.span(), format!("a path stands without braces here: `=> {text}`"));
            skip_branch(input);
            let read =
                |inside: ParseStream<'_>| Some(parse::path_behind(inside, errors, parse::NEXT_BRANCH, arrow.start));
            parse::within(&group, read).unwrap_or(Path { head: Target::Missing, rest: Vec::new() })
        }
        Some(_) if body(input, &names, errors) => Path { head: Target::Missing, rest: Vec::new() },
        Some(arrow) => parse::path_behind(input, errors, parse::NEXT_BRANCH, arrow.start),
    };
    misread::given(&mut leg, &names, errors);
    match &parsed {
        Some(Pat::Wild(wild)) if !leg.is_discard() => {
            dead = true;
            if !matches!(leg.head, Target::Missing) {
                let text =
                    format!("`_` binds nothing that could be sent on: name the event, `other => {}`", leg.label());
                errors.error(wild.underscore_token.span, text);
            }
        }
        Some(pattern) if !leg.is_discard() => dead |= borrows(pattern, errors),
        _ => {}
    }
    let arrow = arrow.map_or(Arrow { start: last, end: last, fused: false }, |arrow| Arrow { fused: false, ..arrow });
    let leg = if dead { leg.behind_a_mistake(arrow) } else { leg };
    let end = self::last(begin, input.cursor()).unwrap_or(span);
    Some(Arm { branch: branch(tokens, parsed.as_ref(), guard, (span, end), dead), arrow, leg })
}

/// To the next branch.
fn skip_branch(input: ParseStream<'_>) {
    while !(input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])) {
        let _ = input.parse::<TokenTree>();
    }
}

/// `{}` or `()`: how a `match` of Rust says that nothing is done.
fn is_nothing(input: ParseStream<'_>) -> bool {
    matches!(input.fork().parse::<TokenTree>(), Ok(TokenTree::Group(group)) if group.stream().is_empty() && group.delimiter() != Delimiter::Bracket)
}

/// `{ println!("{line}") }`: says where a body belongs, and goes on behind it.
fn body(input: ParseStream<'_>, names: &[Ident], errors: &mut Diagnostics) -> bool {
    let Some((TokenTree::Group(group), _)) = input.cursor().token_tree() else { return false };
    if group.delimiter() != Delimiter::Brace || !misread::is_body(&group) {
        return false;
    }
    let event = match names {
        [] => "event".to_owned(),
        [name] => name.to_string(),
        names => format!("({})", names.iter().map(Ident::to_string).collect::<Vec<_>>().join(", ")),
    };
    errors.error(group.span(), misread::body(&event));
    let _ = input.parse::<TokenTree>();
    while !(input.is_empty() || input.peek(Token![,]) || begins(input)) {
        let _ = input.parse::<TokenTree>();
    }
    true
}

/// `when`, `where`, `unless`: what other languages begin a guard with.
fn other_if(input: ParseStream<'_>) -> Option<Ident> {
    use syn::ext::IdentExt;
    input
        .fork()
        .call(Ident::parse_any)
        .ok()
        .filter(|word| ["when", "where", "unless"].iter().any(|other| word == other))
}

/// A branch may begin here.
pub(crate) fn begins(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    pattern(&ahead).1.is_some() && (ahead.peek(Token![=>]) || ahead.peek(Token![if]))
}

/// The last token between two places.
fn last(mut from: Cursor<'_>, to: Cursor<'_>) -> Option<Span> {
    let mut last = None;
    while from != to
        && let Some((token, next)) = from.token_tree()
    {
        (last, from) = (Some(token.span()), next);
    }
    last
}

const A_BRANCH: &str = "expected a branch: `pattern => stage`";
const NO_TARGET: &str = "expected a stage for this branch: `pattern => stage`, or `pattern => _` to discard the events";

fn branch(
    tokens: TokenStream,
    parsed: Option<&Pat>,
    guard: Option<TokenStream>,
    (span, end): (Span, Span),
    dead: bool,
) -> Branch {
    let mut names = Vec::new();
    if let Some(pattern) = parsed {
        bindings(pattern, &mut names);
    }
    let mut text = written(&tokens);
    if let Some(guard) = &guard {
        text = format!("{text} if {}", written(guard));
    }
    let pattern = parsed.map(|_| tokens);
    Branch { pattern, guard, names, text, span, end, dead }
}

/// What the Rust grammar reads as a pattern; else all before `if` and `=>`.
fn pattern(input: ParseStream<'_>) -> (TokenStream, Option<Pat>) {
    let ahead = input.fork();
    if let Ok(pattern) = Pat::parse_multi_with_leading_vert(&ahead)
        && (ahead.is_empty()
            || ahead.peek(Token![=>])
            || ahead.peek(Token![if])
            || ahead.peek(Token![->])
            || other_if(&ahead).is_some())
    {
        return (advance(input, &ahead), Some(pattern));
    }
    (until(input, |input| input.peek(Token![if])), None)
}

fn guard(input: ParseStream<'_>) -> TokenStream {
    let ahead = input.fork();
    if ahead.parse::<Expr>().is_ok() && (ahead.is_empty() || ahead.peek(Token![=>])) {
        return advance(input, &ahead);
    }
    until(input, |_| false)
}

fn until(input: ParseStream<'_>, stop: impl Fn(ParseStream<'_>) -> bool) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !(input.is_empty() || input.peek(Token![=>]) || input.peek(Token![,]) || input.peek(Token![;]) || stop(input))
    {
        tokens.extend(input.parse::<TokenTree>());
    }
    tokens
}

/// The names that a pattern binds, in the order of the text; of alternatives, those of the first.
fn bindings(pattern: &Pat, names: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(name) => {
            // `NONE`, `Empty`: a constant or a variant.
            let constant = name.ident.to_string().starts_with(char::is_uppercase);
            if !constant || name.subpat.is_some() || name.mutability.is_some() {
                names.push(name.ident.clone());
            }
            if let Some((_, inner)) = &name.subpat {
                bindings(inner, names);
            }
        }
        Pat::Or(or) => or.cases.iter().take(1).for_each(|case| bindings(case, names)),
        other => inside(other, &mut |inner| bindings(inner, names)),
    }
}

/// Calls `f` with each pattern inside.
fn inside<'a>(pattern: &'a Pat, f: &mut dyn FnMut(&'a Pat)) {
    match pattern {
        Pat::Paren(paren) => f(&paren.pat),
        Pat::Reference(reference) => f(&reference.pat),
        Pat::Slice(slice) => slice.elems.iter().for_each(f),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(f),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(f),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| f(&field.pat)),
        _ => {}
    }
}

/// `ref x`: says so, once.
fn borrows(pattern: &Pat, errors: &mut Diagnostics) -> bool {
    match pattern {
        Pat::Ident(name) => {
            if let Some(word) = name.by_ref {
                let text = format!(
                    "`ref` borrows from an event that is gone when `{}` arrives: a branch takes what it binds by value",
                    name.ident
                );
                errors.error(word.span, text);
                return true;
            }
            name.subpat.as_ref().is_some_and(|(_, inner)| borrows(inner, errors))
        }
        Pat::Or(or) => or.cases.iter().any(|case| borrows(case, errors)),
        other => {
            let mut found = false;
            inside(other, &mut |inner| found = found || borrows(inner, errors));
            found
        }
    }
}

/// A branch, and the variable of its end; `None` where its events are discarded.
pub(crate) type Way<'a> = (&'a Branch, Option<Ident>);

/// The line that splits the events of `port`: the user's patterns in the user's order.
pub(crate) fn line(port: &Ident, word: Span, broken: bool, ways: &[Way<'_>]) -> TokenStream {
    let ends: Vec<&Ident> = ways.iter().filter_map(|(_, end)| end.as_ref()).collect();
    let comma = |tokens: TokenStream| quote!(#tokens,);
    let legs: TokenStream =
        ways.iter().filter(|(_, end)| end.is_some()).map(|(branch, _)| comma(branch.way())).collect();
    // The compiler says at the scrutinee which patterns are missing: that is the user's word.
    let event = Ident::new("__event", word);
    let legs_of = variable("__ways");
    let mut index = 0;
    let mut arms = TokenStream::new();
    for (branch, end) in ways {
        let at = end.is_some().then_some(index);
        index += usize::from(end.is_some());
        arms.extend(branch.arm(&legs_of, at));
    }
    if broken {
        arms.extend(quote!(#[allow(unreachable_patterns)] _ => ::stagekit::__private::nowhere(),));
    }
    let mut body = Group::new(Delimiter::Brace, arms);
    body.set_span(after(word));
    let keyword = Ident::new("match", word);
    let mut legs = Group::new(Delimiter::Parenthesis, legs);
    legs.set_span(after(word));
    let closure = quote!(move |#event, #legs_of| #keyword #event #body);
    let branches = call("branches", word, [at(port, word), legs.into_token_stream(), closure]);
    quote!(#[allow(unused_variables, unused_parens, unused_braces)] let (#(#ends,)*) = #branches;)
}

impl Branch {
    /// `way(text, name)`: in a block of its own, so that the name hides nothing of the user's.
    fn way(&self) -> TokenStream {
        let (text, name) = (&self.text, self.name());
        let named = quote!({
            #[allow(non_camel_case_types, dead_code)] struct #name;
            fn __way() -> #name { #name }
            __way
        });
        call("way", after(self.span), [quote!(#text), respan(named, ours())])
    }

    /// How the compiler's messages name it: `Event_Log_line` is the branch `Event::Log(line)`.
    fn name(&self) -> Ident {
        let mut words = Vec::new();
        collect(self.pattern.clone().unwrap_or_default(), &mut words);
        let name = words.join("_");
        syn::parse_str::<Ident>(&name).map_or_else(|_| variable("branch"), |_| variable(name))
    }

    /// `pattern if guard => take(&mut ways.at, (names)),`
    fn arm(&self, ways: &Ident, at: Option<usize>) -> TokenStream {
        let (Some(pattern), names) = (&self.pattern, &self.names) else { return TokenStream::new() };
        let guard = self.guard.as_ref().map(|guard| quote!(if #guard));
        let taken = match at {
            None => call("nowhere", after(self.end), []),
            Some(at) => {
                let at = syn::Index { index: at as u32, span: ours() };
                let event = match &names[..] {
                    [name] => name.into_token_stream(),
                    names => quote!((#(#names),*)),
                };
                call("take", after(self.end), [quote!(&mut #ways.#at), event])
            }
        };
        quote!(#pattern #guard => #taken,)
    }
}

/// The words of a pattern.
fn collect(tokens: TokenStream, words: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) if word != "mut" => words.push(word.to_string().replace("r#", "")),
            TokenTree::Group(group) => collect(group.stream(), words),
            _ => {}
        }
    }
}
