//! From a topology to what can be drawn, and from a type's full name to a short one.

use super::{Arrow, Point, Role, Share, Topology, Vertex};
use crate::picture::{self, Fan, Kind, Picture, Way};

pub(super) fn picture(topology: &Topology) -> Picture {
    let mut drawn = Picture { vertices: topology.stages().iter().map(stage).collect(), edges: Vec::new() };
    for edge in topology.edges() {
        let mut end = |point: Point, emits: Option<String>| match point {
            Point::At(stage) => stage,
            Point::Outside => dots(&mut drawn, Kind::Open, "..", emits),
            Point::Nowhere => dots(&mut drawn, Kind::Discard, "_", None),
        };
        let to = end(edge.to, None);
        let from = end(edge.from, edge.event.map(|event| event.to_string()));
        let (fan, key) = match &edge.share {
            Share::Alone => (Fan::One, None),
            Share::ToAll => (Fan::All, None),
            Share::ToAny => (Fan::Any, None),
            Share::ByKey(key) => (Fan::By, key.as_ref().map(ToString::to_string)),
        };
        let feedback = edge.feedback.map(|room| format!("feedback({room})"));
        let line = picture::Edge {
            from,
            errors: edge.arrow == Arrow::OfErrors,
            to,
            way: match edge.arrow {
                _ if edge.feedback.is_some() => Way::Feedback,
                Arrow::Inline => Way::Fused,
                Arrow::Subscribed | Arrow::OfErrors => Way::Subscription,
            },
            fan,
            group: edge.group,
            key,
            label: feedback,
            event: edge
                .branch
                .as_ref()
                .filter(|_| edge.to != Point::Nowhere)
                .and(edge.event)
                .map(|event| event.to_string()),
            options: edge.options.clone(),
        };
        drawn.edges.push(match edge.branch() {
            Some(pattern) => line.out_of(pattern),
            None => line,
        });
    }
    drawn
}

fn dots(drawn: &mut Picture, kind: Kind, name: &str, emits: Option<String>) -> usize {
    let (takes, fails, place, bound, text) = (None, None, None, None, None);
    // All legs of an open beginning leave the same one.
    if let (Kind::Open, Some(at), true) =
        (kind, drawn.vertices.iter().position(|of| of.kind == kind && of.emits == emits), emits.is_some())
    {
        return at;
    }
    let options = Vec::new();
    drawn.vertices.push(picture::Vertex { kind, name: name.into(), bound, text, options, takes, emits, fails, place });
    drawn.vertices.len() - 1
}

fn stage(stage: &Vertex) -> picture::Vertex {
    picture::Vertex {
        kind: match stage.role {
            Role::Producer => Kind::Producer,
            Role::ProducerConsumer => Kind::ProducerConsumer,
            Role::Consumer => Kind::Consumer,
        },
        name: stage.name.to_string(),
        bound: stage.bound().map(Into::into),
        // Of a segment its name is enough: its stages follow.
        text: stage.text().filter(|_| !stage.is_segment).map(Into::into),
        options: stage.options(),
        takes: stage.takes().map(|event| event.to_string()),
        emits: stage.emits().map(|event| event.to_string()),
        fails: stage.fails().map(|error| error.to_string()),
        place: Some(stage.place.to_string()),
    }
}

/// Without the paths of `std`, `core` and `alloc`, but for one segment of what would be called `Error` or `Result`; other paths
/// keep their last two segments at most.
pub(super) fn short(full: &str) -> String {
    let mut short = String::new();
    let mut rest = full;
    while let Some(c) = rest.chars().next() {
        if c.is_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            let path = rest[..end].trim_end_matches(':');
            short.push_str(&last_of(path));
            short.push_str(&rest[path.len()..end]);
            rest = &rest[end..];
        } else {
            short.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    short
}

fn last_of(path: &str) -> String {
    let words: Vec<&str> = path.split("::").collect();
    let Some(last) = words.last() else { return path.into() };
    let keep = if matches!(*last, "Error" | "Result") && words.len() > 2 { 2 } else { 1 };
    words[words.len() - keep..].join("::")
}
