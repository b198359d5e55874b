//! What the text of a graph says that the compiler forgets: where each stage stands, closures and keys as they were
//! written. `pipeline!` passes it on ([`drawing`]); `#[picture]` draws with nothing else ([`picture`]).

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;

use super::ast::{Closure, Kind, Node, Opt, Stage};
use super::expand::Body;
use super::graph::{Edge, End, Graph};
use super::tokens::variable;
use crate::picture::{self, Fan, Picture, Way};
use crate::pretty;

/// `let __drawing = ..;`: for each stage of the result its spots, and what the edges out of them are called.
pub(crate) fn drawing(graph: &Graph, body: &Body) -> TokenStream {
    let mut place = vec![None; graph.vertices.len()];
    for (stage, &last) in body.closed.iter().enumerate() {
        let run = run(graph, last);
        run.into_iter().enumerate().for_each(|(part, vertex)| place[vertex] = Some((stage, part)));
    }
    let spots = body.closed.iter().map(|&last| {
        let spots = run(graph, last).into_iter().map(|vertex| {
            let (line, column) = position(graph.span(vertex));
            let text = graph.vertices[vertex].node.as_ref().and_then(text).unwrap_or_default();
            let bound = bound(graph, vertex).unwrap_or_default();
            quote!(::stagekit::__private::Spot { line: #line, column: #column, text: #text, bound: #bound })
        });
        quote!(&[#(#spots),*])
    });
    let names = graph.edges.iter().filter_map(|edge| {
        let text = name(graph, edge)?;
        let (from, _) = source(graph, edge.from);
        let (stage, part) = place[from.vertex]?;
        let to = place[edge.to].map_or_else(|| quote!(::core::primitive::usize::MAX), |(stage, _)| quote!(#stage));
        let errors = from.errors;
        Some(
            quote!(::stagekit::__private::Called { stage: #stage, part: #part, errors: #errors, to: #to, text: #text }),
        )
    });
    let backs = body.backs.iter().map(|&to| bound(graph, to).unwrap_or_default());
    // The branches that discard, and how many lead somewhere before them.
    let mut leading: HashMap<End, usize> = HashMap::new();
    let mut dropped = Vec::new();
    for branch in 0..graph.vertices.len() {
        let Some(node @ Node { stage: Stage::Branch(_), .. }) = &graph.vertices[branch].node else { continue };
        let (from, _) = source(graph, End { vertex: branch, errors: false });
        let after = leading.entry(from).or_default();
        if !graph.is_discarded(branch) {
            *after += 1;
            continue;
        }
        let Some((stage, part)) = place[from.vertex] else { continue };
        let (errors, after, text) = (from.errors, *after, node.label());
        dropped.push(quote! {
            ::stagekit::__private::Dropped {
                stage: #stage, part: #part, errors: #errors, after: #after, text: #text
            }
        });
    }
    let drawing = variable("__drawing");
    quote! {
        let #drawing = &::stagekit::__private::Drawing {
            file: ::core::file!(),
            dump: ::core::option_env!("STAGEKIT_DUMP"),
            spots: &[#(#spots),*],
            called: &[#(#names),*],
            dropped: &[#(#dropped),*],
            backs: &[#(#backs),*],
        };
    }
}

/// The stages that are fused into the one at `last`, in their order.
fn run(graph: &Graph, last: usize) -> Vec<usize> {
    let mut run = vec![last];
    while let Some(edge) = graph.edges_into(run[0]).find(|edge| edge.arrow.fused)
        && !run.contains(&edge.from.vertex)
    {
        run.insert(0, edge.from.vertex);
    }
    run
}

fn position(span: Span) -> (u32, u32) {
    if !proc_macro::is_available() {
        return (0, 0);
    }
    let start = span.unwrap().start();
    (start.line() as u32, start.column() as u32)
}

fn bound(graph: &Graph, vertex: usize) -> Option<String> {
    graph.vertices[vertex].bound.as_ref().map(|name| name.unraw().to_string())
}

/// The text of a closure, or of an expression in braces.
fn text(node: &Node) -> Option<String> {
    match &node.stage {
        Stage::Closure(closure) => Some(pretty::line(closure.tokens.clone())),
        Stage::Value(group) => Some(pretty::line(group.stream())),
        _ => None,
    }
}

/// What an edge is called where its end shares out its events.
fn name(graph: &Graph, edge: &Edge) -> Option<String> {
    let key = graph.splits[edge.split?].key.as_ref()?;
    Some(pretty::line(key.body.clone()))
}

/// Where an edge comes from, through the `match` that it may be a branch of, and that branch.
fn source(graph: &Graph, mut end: End) -> (End, Option<usize>) {
    let mut branch = None;
    while let Some(Stage::Branch(_) | Stage::Match(..)) = graph.stage(end.vertex) {
        if let Some(Stage::Branch(_)) = graph.stage(end.vertex) {
            branch = Some(end.vertex);
        }
        let Some(edge) = graph.edges_into(end.vertex).next() else { break };
        end = edge.from;
    }
    (end, branch)
}

/// The picture of what is written, without the types that only the compiler knows.
pub(crate) fn picture(graph: &Graph) -> Picture {
    let mut drawn = vec![None; graph.vertices.len()];
    let mut picture = Picture::default();
    let mut order: Vec<usize> = (0..graph.vertices.len()).collect();
    order.sort_by_key(|&vertex| graph.vertices[vertex].order);
    for vertex in order {
        if let Some(node) = &graph.vertices[vertex].node
            && !matches!(node.stage, Stage::Match(..) | Stage::Branch(_))
        {
            drawn[vertex] = Some(picture.vertices.len());
            picture.vertices.push(stage(graph, vertex, node));
        }
    }
    for edge in &graph.edges {
        let (end, branch) = source(graph, edge.from);
        let (Some(from), Some(to)) = (drawn[end.vertex], drawn[edge.to]) else { continue };
        let legs = graph.edges_out_of(edge.from).count();
        let fan = match edge.split.map(|split| graph.splits[split].key.is_some()) {
            Some(true) => Fan::By,
            Some(false) => Fan::Any,
            None if legs > 1 => Fan::All,
            None => Fan::One,
        };
        let group = edge.split.map_or(picture.edges.len(), |split| graph.edges.len() + split);
        let drawn = picture::Edge {
            from,
            errors: end.errors,
            to,
            way: match &edge.back {
                Some(_) => Way::Feedback,
                None if edge.arrow.fused => Way::Fused,
                None => Way::Subscription,
            },
            fan,
            group,
            key: name(graph, edge),
            label: edge.back.as_ref().map(|back| format!("feedback({})", pretty::line(back.room.clone()))),
            event: None,
            options: edge.options.iter().map(option).collect(),
        };
        let pattern = branch.and_then(|branch| Some(graph.vertices[branch].node.as_ref()?.label()));
        picture.edges.push(match pattern {
            Some(pattern) => drawn.out_of(&pattern),
            None => drawn,
        });
    }
    picture
}

fn stage(graph: &Graph, vertex: usize, node: &Node) -> picture::Vertex {
    let fed = graph.edges_into(vertex).next().is_some();
    let kind = match &node.stage {
        Stage::Open(..) => picture::Kind::Open,
        Stage::Discard(_) => picture::Kind::Discard,
        _ if !fed => picture::Kind::Producer,
        _ if graph.is_last(vertex) => picture::Kind::Consumer,
        _ => picture::Kind::ProducerConsumer,
    };
    picture::Vertex {
        kind,
        name: called(node, graph.is_last(vertex)),
        bound: bound(graph, vertex),
        text: text(node),
        options: node.options.iter().filter(|option| named(option).is_none()).map(option).collect(),
        takes: None,
        emits: None,
        fails: None,
        place: None,
    }
}

/// The name that the stage will have in a summary, as far as the text tells.
fn called(node: &Node, is_last: bool) -> String {
    if let Some(name) = node.options.iter().find_map(named) {
        return name;
    }
    match &node.stage {
        Stage::Named(named) => named.name.unraw().to_string(),
        Stage::Closure(Closure { kind, .. }) => match kind {
            Kind::Map if is_last => "each",
            Kind::Map => "map",
            Kind::Filter => "filter",
            Kind::FlatMap => "flat_map",
            Kind::TryMap if is_last => "try_each",
            Kind::TryMap => "try_map",
            Kind::Inspect => "inspect",
        }
        .into(),
        Stage::Value(group) => {
            // The last name of the path that the expression begins with.
            let mut name = None;
            for token in group.stream() {
                match token {
                    TokenTree::Ident(word) => name = Some(word.unraw().to_string()),
                    TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                    _ => break,
                }
            }
            name.unwrap_or_else(|| "stage".into())
        }
        Stage::Match(..) | Stage::Branch(_) => node.label(),
        Stage::Discard(_) => "_".into(),
        Stage::Open(..) => "..".into(),
    }
}

/// `name("b")`
fn named(option: &Opt) -> Option<String> {
    let args = option.args.as_ref().filter(|_| option.name == "name")?;
    Some(syn::parse2::<syn::LitStr>(args.stream()).ok()?.value())
}

/// `workers(4)`
fn option(option: &Opt) -> String {
    let args = option.args.as_ref().map(|args| pretty::line(args.stream())).unwrap_or_default();
    format!("{}({args})", option.name)
}
