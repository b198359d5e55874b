//! What the user wrote, before names have a meaning. The parser makes it, [`graph`](super::graph) reads it.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::ToTokens;

use super::branches::{Branch, Match};

/// The whole of a `pipeline!`, in the order of the text.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) items: Vec<Item>,
    /// `independent;`: there are several graphs.
    pub(crate) independent: Option<Span>,
    /// `crate = path;`
    pub(crate) kit: Option<TokenStream>,
}

pub(crate) enum Item {
    /// `let name = node`
    Let(Ident, Node),
    Path(Path),
}

/// `head => target -> target`
pub(crate) struct Path {
    pub(crate) head: Target,
    pub(crate) rest: Vec<(Arrow, Target)>,
}

impl Path {
    /// `_`
    pub(crate) fn is_discard(&self) -> bool {
        let Target::Node(node) = &self.head else { return false };
        matches!(node.stage, Stage::Discard(_)) && self.rest.is_empty()
    }

    /// The same behind a mistake that was reported: nothing comes along here.
    pub(crate) fn behind_a_mistake(self, arrow: Arrow) -> Path {
        let rest = std::iter::once((arrow, self.head)).chain(self.rest).collect();
        Path { head: Target::Missing, rest }
    }

    /// How messages name where it begins.
    pub(crate) fn label(&self) -> String {
        match &self.head {
            Target::Node(node) => node.label(),
            Target::List(_) => "[..]".into(),
            Target::Match(_) => "match { .. }".into(),
            Target::Missing => "stage".into(),
        }
    }
}

/// `=>` or `->`: its first and last token, which is all that stable Rust lets one underline with.
#[derive(Clone, Copy)]
pub(crate) struct Arrow {
    pub(crate) start: Span,
    pub(crate) end: Span,
    pub(crate) fused: bool,
}

pub(crate) enum Target {
    Node(Node),
    List(List),
    Match(Match),
    /// Not understood; the parser has said so.
    Missing,
}

/// `[a, b]`, `all [a, b]`, `any [a, b]`, `by |e| key [a, b]`
pub(crate) struct List {
    pub(crate) mode: Mode,
    /// The brackets.
    pub(crate) span: Span,
    pub(crate) legs: Vec<Path>,
}

pub(crate) enum Mode {
    All,
    Any(Span),
    By(Key),
}

/// `by |parameter| body`
pub(crate) struct Key {
    /// The word `by`.
    pub(crate) span: Span,
    pub(crate) parameter: TokenStream,
    pub(crate) body: TokenStream,
}

/// A stage with its options, and where its errors go.
pub(crate) struct Node {
    pub(crate) stage: Stage,
    pub(crate) options: Vec<Opt>,
    pub(crate) otherwise: Option<Otherwise>,
}

/// `else target`
pub(crate) struct Otherwise {
    pub(crate) span: Span,
    pub(crate) target: Box<Target>,
}

pub(crate) enum Stage {
    Named(Named),
    Closure(Closure),
    /// `{ expr }`
    Value(Group),
    /// `_`
    Discard(Span),
    /// `..`: its first and last token
    Open(Span, Span),
    /// `match`: the word, and whether it has a mistake that was reported. Its branches stand behind it in the graph.
    Match(Span, bool),
    /// A branch of the `match` before it.
    Branch(Branch),
}

/// `path`, `path(args)`
pub(crate) struct Named {
    pub(crate) path: TokenStream,
    /// The last segment: where errors about the stage belong.
    pub(crate) name: Ident,
    /// The path is nothing but its name.
    pub(crate) bare: bool,
    pub(crate) args: Option<Group>,
}

/// `|e| ..`, `filter |e| ..` and so on.
pub(crate) struct Closure {
    pub(crate) kind: Kind,
    /// The first token.
    pub(crate) span: Span,
    /// From `move` or the first `|` to the end.
    pub(crate) tokens: TokenStream,
    pub(crate) moves: bool,
    pub(crate) parameter: Parameter,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    Map,
    Filter,
    FlatMap,
    TryMap,
    Inspect,
}

impl Kind {
    pub(crate) fn of(word: &str) -> Option<Kind> {
        Some(match word {
            "filter" => Kind::Filter,
            "flat_map" => Kind::FlatMap,
            "try_map" => Kind::TryMap,
            "inspect" => Kind::Inspect,
            _ => return None,
        })
    }
}

/// What a closure says of its parameter.
#[derive(Default)]
pub(crate) struct Parameter {
    /// `|&e|`, `|e: &E|`
    pub(crate) borrowed: bool,
    /// `E` of `|e: E|` and of `|e: &E|`
    pub(crate) event: Option<TokenStream>,
}

/// `.name(args)`
#[derive(Clone)]
pub(crate) struct Opt {
    pub(crate) name: Ident,
    pub(crate) args: Option<Group>,
    /// As the user wrote it, dot included.
    pub(crate) tokens: TokenStream,
}

impl Stage {
    /// Something that runs, and not `_`, `..` or a `match`.
    pub(crate) fn is_stage(&self) -> bool {
        matches!(self, Stage::Named(_) | Stage::Closure(_) | Stage::Value(_))
    }
}

impl Node {
    /// The token that errors about the stage belong to.
    pub(crate) fn span(&self) -> Span {
        match &self.stage {
            Stage::Named(named) => named.name.span(),
            Stage::Closure(closure) => closure.span,
            Stage::Value(group) => group.span(),
            Stage::Discard(span) | Stage::Open(span, _) | Stage::Match(span, _) => *span,
            Stage::Branch(branch) => branch.span,
        }
    }

    /// The last token of what [`span`](Node::span) begins.
    pub(crate) fn end(&self) -> Span {
        match &self.stage {
            Stage::Open(_, end) => *end,
            _ => self.span(),
        }
    }

    /// The first option of this name.
    pub(crate) fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The options, to be put behind the stage.
    pub(crate) fn options(&self) -> TokenStream {
        self.options.iter().map(|option| option.tokens.clone()).collect()
    }

    /// How messages name it.
    pub(crate) fn label(&self) -> String {
        match &self.stage {
            Stage::Named(named) => named.name.to_string(),
            Stage::Closure(_) => "the closure".into(),
            Stage::Value(group) => group.to_token_stream().to_string(),
            Stage::Discard(_) => "_".into(),
            Stage::Open(..) => "..".into(),
            Stage::Match(..) => "match".into(),
            Stage::Branch(branch) => branch.text.clone(),
        }
    }
}
