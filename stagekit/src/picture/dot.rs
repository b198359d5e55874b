//! The graph in the language of Graphviz.

use super::{Kind, Picture, Way};

/// The text of the graph.
pub(crate) fn dot(picture: &Picture) -> String {
    let mut text = String::from(
        "digraph pipeline {\n  rankdir=LR\n  fontname=monospace\n  \
         node [shape=box style=rounded fontname=monospace fontsize=12]\n  \
         edge [fontname=monospace fontsize=10 color=gray40]\n",
    );
    for (at, run) in picture.runs().iter().enumerate() {
        let mut indent = "  ";
        if run.len() > 1 {
            text.push_str(&format!("  subgraph cluster_{at} {{\n    style=\"rounded,dashed\" color=gray60\n"));
            indent = "    ";
        }
        for &vertex in run {
            text.push_str(&format!("{indent}{}\n", node(picture, vertex)));
        }
        if run.len() > 1 {
            text.push_str("  }\n");
        }
    }
    for edge in &picture.edges {
        let caption = picture.caption(edge);
        let mut attributes = Vec::new();
        if !caption.is_empty() {
            attributes.push(format!("label=\"{}\"", escaped(&caption)));
        }
        match edge.way {
            Way::Fused => attributes.push("style=bold".into()),
            Way::Feedback => attributes.push("style=dashed color=\"#d29922\" constraint=false".into()),
            Way::Subscription if edge.errors => attributes.push("style=dashed color=\"#e5534b\"".into()),
            Way::Subscription => {}
        }
        let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(" ")) };
        text.push_str(&format!("  n{} -> n{}{attributes}\n", edge.from, edge.to));
    }
    text.push_str("}\n");
    text
}

fn node(picture: &Picture, vertex: usize) -> String {
    let of = &picture.vertices[vertex];
    let mut label = escaped(&of.title());
    for line in of.lines() {
        label.push_str(&format!("\\n{}", escaped(&line)));
    }
    let look = match of.kind {
        Kind::Producer => " color=\"#3fb950\"",
        Kind::ProducerConsumer => "",
        Kind::Consumer => " color=\"#a371f7\"",
        Kind::Open | Kind::Discard => " shape=circle",
    };
    format!("n{vertex} [label=\"{label}\" tooltip=\"{}\"{look}]", escaped(&of.words()))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push(' '),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
