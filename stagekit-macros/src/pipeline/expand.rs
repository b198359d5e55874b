//! The builder calls: one line for each edge, in an order in which everything a line names is there. Total: every
//! graph expands, and what takes no part in it is written down for the editor alone.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::ast::{Closure, Kind, Node, Stage};
use super::graph::{Edge, End, Graph};
use super::tokens::{at, call, call_until, over, own, stage, variable};
use crate::names::{after, before, ours, respan};

/// The lines, and what the result is made of.
pub(crate) struct Body {
    pub(crate) lines: Vec<TokenStream>,
    /// The closed runs and the shared stages.
    pub(crate) stages: Vec<TokenStream>,
    /// The last vertex of each of them.
    pub(crate) closed: Vec<usize>,
    /// What the edges that close a loop lead to: their stages come behind those.
    pub(crate) backs: Vec<usize>,
    /// The `let`s whose state is a result: the user's name, our variable.
    pub(crate) kept: Vec<(Ident, Ident)>,
    /// The port behind the `..` that begins the graph.
    pub(crate) head: Option<(Ident, (Span, Span))>,
    /// The port before the `..` that ends it.
    pub(crate) tail: Option<(Ident, (Span, Span))>,
}

/// Writes the lines. `wrong` vertices are connected to nothing.
pub(crate) fn expand(graph: &Graph, wrong: &[bool]) -> Body {
    let body = Body {
        lines: Vec::new(),
        stages: Vec::new(),
        closed: Vec::new(),
        backs: Vec::new(),
        kept: Vec::new(),
        head: None,
        tail: None,
    };
    let mut writer = Writer { graph, wrong, body, runs: HashMap::new(), splits: HashMap::new() };
    writer.vertices();
    writer.close();
    writer.backs();
    writer.body
}

struct Writer<'a> {
    graph: &'a Graph,
    wrong: &'a [bool],
    body: Body,
    /// The variable of each vertex that has one: an open run, or a shared stage.
    runs: HashMap<usize, Ident>,
    splits: HashMap<usize, Ident>,
}

impl Writer<'_> {
    /// Each vertex when all that leads into it is there; of those, the first in the text.
    fn vertices(&mut self) {
        let graph = self.graph;
        let mut left: Vec<usize> = (0..graph.vertices.len()).collect();
        left.sort_by_key(|&vertex| graph.vertices[vertex].order);
        let mut created = Vec::new();
        while !left.is_empty() {
            // A named stage is made where its `let` stands, so that its arguments are evaluated there.
            let ready = |&vertex: &usize| graph.edges_into(vertex).all(|edge| !left.contains(&edge.from.vertex));
            let early = |vertex: &usize| {
                let closure = matches!(graph.stage(*vertex), Some(Stage::Closure(_)));
                self.shares(*vertex) && graph.vertices[*vertex].bound.is_some() && !closure && !created.contains(vertex)
            };
            let Some(place) = left.iter().position(|vertex| self.wrong[*vertex] || ready(vertex) || early(vertex))
            else {
                return;
            };
            let vertex = left[place];
            if early(&vertex) {
                created.push(vertex);
                self.create(vertex, None);
            } else {
                left.remove(place);
                self.vertex(vertex, !created.contains(&vertex));
            }
        }
    }

    fn shares(&self, vertex: usize) -> bool {
        self.graph.is_shared(vertex) && !self.wrong[vertex]
    }

    fn line(&mut self, line: TokenStream) {
        self.body.lines.push(line);
    }

    fn bind(&mut self, name: &Ident, value: TokenStream) {
        // The user's own braces and parentheses may stand in the value.
        self.line(quote!(#[allow(unused_parens, unused_braces)] let #name = #value;));
    }

    /// The edges that something can come along.
    fn edges(&self, vertex: usize) -> Vec<&Edge> {
        self.graph.edges_into(vertex).filter(|edge| !self.wrong[edge.from.vertex]).collect()
    }

    fn vertex(&mut self, vertex: usize, create: bool) {
        let graph = self.graph;
        let Some(node) = &graph.vertices[vertex].node else { return };
        let edges: Vec<(End, Option<usize>, Span)> =
            self.edges(vertex).into_iter().map(|edge| (edge.from, edge.split, edge.arrow.start)).collect();
        match &node.stage {
            _ if self.wrong[vertex] => self.aside(node),
            Stage::Match(word, broken) => {
                if let Some(&(end, split, _)) = edges.first() {
                    self.branches(vertex, end, split, *word, *broken);
                }
            }
            Stage::Branch(_) => {}
            Stage::Discard(span) => {
                for (end, split, _) in edges {
                    if graph.is_discarded(end.vertex) {
                        continue;
                    }
                    let port = self.port(end, split);
                    let discard = call("discard", *span, [at(&port, *span)]);
                    self.line(quote!(#discard;));
                }
            }
            Stage::Open(span, last) => match edges.first() {
                None => {
                    let port = variable(format!("__p{}_port", vertex + 1));
                    let open = call("open_in", *span, []);
                    self.bind(&port, open);
                    self.body.head.get_or_insert((port, (*span, *last)));
                }
                Some(&(end, split, _)) => {
                    let port = self.port(end, split);
                    self.body.tail.get_or_insert((port, (*span, *last)));
                }
            },
            _ if self.shares(vertex) => self.shared(vertex, create),
            _ => self.run(vertex, node),
        }
    }

    /// The branches of a `match`, each with an end of its own.
    fn branches(&mut self, vertex: usize, from: End, split: Option<usize>, word: Span, broken: bool) {
        let graph = self.graph;
        let port = self.port(from, split);
        let mut ways = Vec::new();
        for edge in graph.edges_out_of(End { vertex, errors: false }) {
            let Some(Stage::Branch(branch)) = graph.stage(edge.to) else { continue };
            let end = End { vertex: edge.to, errors: false };
            ways.push((branch, (!graph.is_discarded(edge.to)).then(|| self.port(end, None))));
        }
        self.line(super::branches::line(&port, word, broken, &ways));
    }

    /// For the editor: the names and expressions of a stage that is connected to nothing.
    fn aside(&mut self, node: &Node) {
        let value = match &node.stage {
            Stage::Closure(_) | Stage::Discard(_) | Stage::Open(..) | Stage::Match(..) | Stage::Branch(_) => return,
            Stage::Named(named) => stage(&named.path, named.name.span(), named.args.as_ref()),
            Stage::Value(group) => over("value", node.span(), quote!(#group)),
        };
        let options = node.options();
        self.line(quote!(#[allow(unused_parens, unused_braces)] let _ = #value #options;));
    }

    /// A stage that one edge leads into, or none.
    fn run(&mut self, vertex: usize, node: &Node) {
        let graph = self.graph;
        let span = node.span();
        let name = match &graph.vertices[vertex].bound {
            Some(bound) => named(bound),
            None => variable(format!("__p{}", vertex + 1)),
        };
        let edge = graph.edges_into(vertex).next();
        let value = match edge {
            None => {
                let value = self.node(vertex, node, None);
                call("start", after(span), [value])
            }
            Some(edge) if edge.arrow.fused => {
                let up = self.runs[&edge.from.vertex].clone();
                let fuse = if graph.is_last(vertex) { "fuse_last" } else { "fuse" };
                let port = self.port(edge.from, None);
                let value = self.node(vertex, node, Some(&port));
                call(fuse, edge.arrow.start, [own(&up, span), value])
            }
            Some(edge) => {
                let port = self.port(edge.from, edge.split);
                let link = match (graph.broadcasts(edge.from), graph.is_last(vertex)) {
                    (true, true) => "share_last",
                    (true, false) => "share",
                    (false, true) => "link_last",
                    (false, false) => "link",
                };
                let value = self.node(vertex, node, Some(&port));
                call(link, edge.arrow.start, [at(&port, span), value])
            }
        };
        self.bound(vertex, name, value);
    }

    fn bound(&mut self, vertex: usize, name: Ident, value: TokenStream) {
        self.bind(&name, value);
        self.runs.insert(vertex, name.clone());
        let port = self.port_of(vertex, &name);
        self.errors(vertex, &port);
    }

    /// The port of a vertex, if anything is tied to it.
    fn port_of(&mut self, vertex: usize, name: &Ident) -> Ident {
        let graph = self.graph;
        let port = variable(format!("{name}_port"));
        let end = End { vertex, errors: false };
        let Some(edge) = graph.edges_out_of(end).find(|edge| graph.vertices[edge.to].node.is_some()) else {
            if graph.vertices[vertex].caught.is_some() {
                let run = if self.shares(vertex) {
                    quote!(::stagekit::__private::out_of(&#name))
                } else {
                    quote!(#name.port())
                };
                self.line(quote!(let #port = #run;));
            }
            return port;
        };
        // A consumer has methods of these names, which say that nothing comes out of it. What begins a path is asked
        // whether it is a producer already.
        let span = graph.span(vertex);
        let begins = graph.edges_into(vertex).next().is_none();
        if begins && !edge.arrow.fused {
            self.line(quote!(let #port = #name.port();));
        } else if edge.arrow.fused {
            let (run, onward) = (own(name, span), Ident::new("onward", edge.arrow.start));
            if !begins {
                self.line(quote!(let #name = #run.#onward();));
            }
            let closure = graph.vertices[edge.to]
                .node
                .as_ref()
                .is_some_and(|node| matches!(node.stage, Stage::Closure(_)) && annotation(node).is_none());
            if closure || graph.vertices[vertex].caught.is_some() {
                self.line(quote!(let #port = #name.port();));
            }
        } else {
            let (run, goes_on) = (at(name, span), Ident::new("goes_on", edge.arrow.start));
            let mut value = quote!(#run.#goes_on());
            if matches!(graph.stage(vertex), Some(Stage::Closure(_))) {
                value = call("unnamed", after(span), [value]);
            }
            self.line(quote!(let #port = #value;));
        }
        port
    }

    fn errors(&mut self, vertex: usize, port: &Ident) {
        if let Some(word) = self.graph.vertices[vertex].caught {
            let name = self.errors_of(vertex);
            let errors = call("errors", word, [at(port, word)]);
            self.bind(&name, errors);
        }
    }

    fn errors_of(&self, vertex: usize) -> Ident {
        variable(format!("__e{}", vertex + 1))
    }

    /// `shared(..)` of a stage that several edges lead into.
    fn create(&mut self, vertex: usize, port: Option<&Ident>) {
        let graph = self.graph;
        let Some(node) = &graph.vertices[vertex].node else { return };
        let name = match &graph.vertices[vertex].bound {
            Some(bound) => named(bound),
            None => variable(format!("__n{}", vertex + 1)),
        };
        let value = self.node(vertex, node, port);
        let shared = call("shared", after(node.span()), [value]);
        self.bind(&name, shared);
        if let Some(bound) = &graph.vertices[vertex].bound {
            self.body.kept.push((bound.clone(), name.clone()));
        }
        self.runs.insert(vertex, name);
    }

    fn shared(&mut self, vertex: usize, create: bool) {
        let graph = self.graph;
        let Some(node) = &graph.vertices[vertex].node else { return };
        let edges: Vec<_> = graph.edges_into(vertex).filter(|edge| !self.wrong[edge.from.vertex]).collect();
        let ports: Vec<Ident> = edges.iter().map(|edge| self.port(edge.from, edge.split)).collect();
        if create {
            let first = ports.first().cloned();
            self.create(vertex, first.as_ref());
        }
        let name = self.runs[&vertex].clone();
        for (index, (edge, port)) in edges.iter().zip(&ports).enumerate() {
            let join = match (graph.broadcasts(edge.from), index) {
                (true, 0) => "share_join",
                (true, _) => "share_join_also",
                (false, 0) => "join",
                (false, _) => "join_also",
            };
            let options: TokenStream = edge.options.iter().map(|option| option.tokens.clone()).collect();
            let subscription = respan(quote!(::stagekit::__private::Edge::new()), after(edge.at));
            let args = [at(port, after(edge.at)), at(&name, edge.at), quote!(#subscription #options)];
            let join = call(join, edge.arrow.start, args);
            self.line(quote!(#join;));
        }
        if graph.is_last(vertex) {
            let span = edges.last().map_or(node.span(), |edge| edge.at);
            let ends = call("ends", after(span), [at(&name, span)]);
            self.line(quote!(#ends;));
        }
        let port = self.port_of(vertex, &name);
        self.errors(vertex, &port);
    }

    /// The variable of the port that an edge leaves by.
    fn port(&mut self, end: End, split: Option<usize>) -> Ident {
        let port = match (end.errors, self.runs.get(&end.vertex)) {
            (true, _) => self.errors_of(end.vertex),
            (false, Some(run)) => variable(format!("{run}_port")),
            (false, None) => variable(format!("__p{}_port", end.vertex + 1)),
        };
        let Some(index) = split else { return port };
        if let Some(name) = self.splits.get(&index) {
            return name.clone();
        }
        let split = &self.graph.splits[index];
        let name = variable(format!("__g{}", index + 1));
        let first = split.first.filter(|&first| !self.wrong[self.graph.splits[first].from.vertex]);
        match (&split.key, first) {
            (None, _) => {
                let any = call("any", split.span, [at(&port, split.span)]);
                self.bind(&name, any);
            }
            (Some(_), Some(first)) => {
                let first = self.port(self.graph.splits[first].from, Some(first));
                let also = call("by_also", split.span, [at(&port, split.span), at(&first, split.span)]);
                self.bind(&name, also);
            }
            (Some(key), None) => {
                let up = variable(format!("__k{}", index + 1));
                let of = call("upstream", split.span, [at(&port, split.span)]);
                self.bind(&up, of);
                let first = key.body.clone().into_iter().next().map_or(key.span, |token| token.span());
                let last = key.body.clone().into_iter().last().map_or(key.span, |token| token.span());
                let mut body = proc_macro2::Group::new(proc_macro2::Delimiter::Parenthesis, key.body.clone());
                body.set_span(last);
                let mut amp = proc_macro2::Punct::new('&', proc_macro2::Spacing::Alone);
                amp.set_span(first);
                let hash = call("hash_by", key.span, [at(&up, key.span), quote!(#amp #body)]);
                let parameter = &key.parameter;
                let closure = quote!(move |#parameter| #hash);
                let by = call("by", split.span, [at(&port, split.span), closure]);
                self.bind(&name, by);
            }
        }
        self.splits.insert(index, name.clone());
        name
    }

    /// The node itself, ready to be an argument: underlined as the user's token, whatever it is made of.
    fn node(&self, vertex: usize, node: &Node, port: Option<&Ident>) -> TokenStream {
        let span = annotation(node).map_or(node.span(), |(_, token)| token);
        let value = match &node.stage {
            Stage::Named(named) => stage(&named.path, span, named.args.as_ref()),
            Stage::Value(group) => over("value", span, quote!(#group)),
            Stage::Closure(closure) => self.closure(vertex, node, closure, port),
            Stage::Discard(_) | Stage::Open(..) | Stage::Match(..) | Stage::Branch(_) => quote!(),
        };
        let options = node.options();
        let around = if self.graph.vertices[vertex].caught.is_some() { "caught" } else { "at" };
        over(around, span, quote!(#value #options))
    }

    fn closure(&self, vertex: usize, node: &Node, closure: &Closure, port: Option<&Ident>) -> TokenStream {
        let last = self.graph.is_last(vertex);
        let function = match (closure.kind, closure.parameter.borrowed, last) {
            (Kind::Map, false, false) => "map",
            (Kind::Map, true, false) => "map_ref",
            (Kind::Map, false, true) => "each",
            (Kind::Map, true, true) => "each_ref",
            (Kind::Filter, ..) => "filter",
            (Kind::FlatMap, ..) => "flat_map",
            (Kind::Inspect, ..) => "inspect",
            (Kind::TryMap, _, false) => "try_map",
            (Kind::TryMap, _, true) => "try_each",
        };
        let tokens = &closure.tokens;
        // A task outlives the block it is declared in, so a closure owns what it captures.
        let moves = (!closure.moves).then(|| Ident::new("move", before(closure.span)));
        let behind = after(closure.span);
        // What the closure itself says of its event is checked as a stage's parameter is.
        let port = match (annotation(node), port) {
            (Some((event, token)), _) => {
                let event = quote_spanned!(after(token)=> ::stagekit::__private::ty::<#event>());
                Some(over("at", behind, quote!(&::stagekit::__private::annotated(#event))))
            }
            (None, port) => port.map(|port| at(port, behind)),
        };
        let end = tokens.clone().into_iter().last().map_or(closure.span, |token| token.span());
        call_until(function, behind, end, port.into_iter().chain([quote!(#moves #tokens)]))
    }

    /// The edges that close a loop, when both of their ends are there.
    fn backs(&mut self) {
        let graph = self.graph;
        for (index, edge) in graph.edges.iter().enumerate() {
            let Some(back) = &edge.back else { continue };
            let Some(to) = self.runs.get(&edge.to).filter(|_| !self.wrong[edge.from.vertex]).cloned() else { continue };
            let port = self.port(edge.from, edge.split);
            let feedback = if graph.broadcasts(edge.from) { "share_feedback" } else { "feedback" };
            let options: TokenStream = edge.options.iter().map(|option| option.tokens.clone()).collect();
            let subscription = respan(quote!(::stagekit::__private::Edge::new()), after(edge.at));
            let (room, overflow) = (back.room.clone(), back.overflow.clone());
            let args = [at(&port, after(edge.at)), at(&to, edge.at), quote!(#subscription #options), room, overflow];
            let value = call(feedback, edge.arrow.start, args);
            let name = variable(format!("__b{}", index + 1));
            self.bind(&name, value);
            self.body.stages.push(quote!(#name));
            self.body.backs.push(edge.to);
        }
    }

    /// Every run that no `->` leads out of is complete.
    fn close(&mut self) {
        for vertex in 0..self.graph.vertices.len() {
            let Some(name) = self.runs.get(&vertex) else { continue };
            let fused = self.graph.edges_out_of(End { vertex, errors: false }).any(|edge| edge.arrow.fused);
            if self.shares(vertex) {
                self.body.stages.push(call("place", ours(), [quote!(&#name)]));
                self.body.closed.push(vertex);
            } else if !fused {
                self.body.stages.push(call("close", ours(), [quote!(#name)]));
                self.body.closed.push(vertex);
            }
        }
    }
}

fn named(bound: &Ident) -> Ident {
    use syn::ext::IdentExt;
    variable(format!("__n_{}", bound.unraw()))
}

/// What the closure's parameter says its event is, and where that stands.
fn annotation(node: &Node) -> Option<(&TokenStream, Span)> {
    let Stage::Closure(Closure { parameter, kind, .. }) = &node.stage else { return None };
    if matches!(kind, Kind::Filter | Kind::Inspect) && !parameter.borrowed {
        return None;
    }
    let event = parameter.event.as_ref()?;
    Some((event, event.clone().into_iter().last()?.span()))
}
