//! The graph as a Mermaid flowchart, as GitHub, GitLab and mdBook draw it.

use super::{Kind, Picture, Way};

/// The text of the flowchart.
pub(crate) fn mermaid(picture: &Picture) -> String {
    let mut text = String::from("flowchart LR\n");
    for (at, run) in picture.runs().iter().enumerate() {
        let mut indent = "  ";
        if run.len() > 1 {
            text.push_str(&format!("  subgraph r{at} [\" \"]\n  direction LR\n"));
            indent = "    ";
        }
        for &vertex in run {
            text.push_str(&format!("{indent}{}\n", node(picture, vertex)));
        }
        if run.len() > 1 {
            text.push_str("  end\n");
        }
    }
    let (mut errors, mut back) = (Vec::new(), Vec::new());
    for (at, edge) in picture.edges.iter().enumerate() {
        let line = match edge.way {
            Way::Fused => "==>",
            Way::Feedback => "-.->",
            Way::Subscription if edge.errors => "-.->",
            Way::Subscription => "-->",
        };
        let caption = picture.caption(edge);
        let label = if caption.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&caption)) };
        text.push_str(&format!("  n{} {line}{label} n{}\n", edge.from, edge.to));
        if edge.way == Way::Feedback {
            back.push(at.to_string());
        } else if edge.errors {
            errors.push(at.to_string());
        }
    }
    for (links, colour) in [(errors, "#e5534b"), (back, "#d29922")] {
        if !links.is_empty() {
            text.push_str(&format!("  linkStyle {} stroke:{colour}\n", links.join(",")));
        }
    }
    text
}

fn node(picture: &Picture, vertex: usize) -> String {
    let of = &picture.vertices[vertex];
    let mut label = escaped(&of.title());
    for line in of.lines() {
        label.push_str(&format!("<br/><small>{}</small>", escaped(&line)));
    }
    let (open, close) = match of.kind {
        Kind::Producer => ("([", "])"),
        Kind::ProducerConsumer => ("[", "]"),
        Kind::Consumer => ("[[", "]]"),
        Kind::Open | Kind::Discard => ("((", "))"),
    };
    format!("n{vertex}{open}\"{label}\"{close}")
}

/// In a quoted label nothing but entities is safe: Mermaid reads Markdown and HTML there.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\r' => escaped.push(' '),
            c if c.is_control() => {}
            '"' | '#' | '&' | '<' | '>' | ';' | '`' | '*' | '_' | '\\' | '|' | '[' | ']' | '{' | '}' | '~' => {
                escaped.push_str(&format!("#{};", c as u32));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
