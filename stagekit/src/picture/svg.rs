//! The graph as an SVG: text and lines in the colour of the page, so that it is at home on light and on dark.

use super::layout::{Back, Block, DOTS, HEAD, LINE, Layout, PAD, Port, TITLE, Track, layout, mode_width};
use super::{Kind, Picture};

const GREEN: &str = "#3fb950";
const BLUE: &str = "#388bfd";
const PURPLE: &str = "#a371f7";
const RED: &str = "#e5534b";
const AMBER: &str = "#d29922";

/// Where the picture will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// A file of its own, which asks the reader's system for light or dark.
    File,
    /// In a page, whose colour it takes.
    #[allow(dead_code, reason = "one reader of this folder writes files, the other pages")]
    Page,
}

/// The picture, on one line for each thing in it and without an empty line, which would end it in Markdown.
pub(crate) fn svg(picture: &Picture, ground: Ground) -> String {
    let at = layout(picture);
    let (w, h) = (at.width.ceil(), at.height.ceil());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13\""
    );
    match ground {
        // It shrinks with the page, to three fifths; then the page scrolls.
        Ground::Page => {
            let least = (w * 0.6).ceil();
            out.push_str(&format!(" style=\"max-width:100%;min-width:{least}px;height:auto\">\n"));
        }
        Ground::File => {
            out.push_str(">\n<style>svg{color:#1f2328}@media(prefers-color-scheme:dark){svg{color:#e6edf3}}</style>\n")
        }
    }
    out.push_str(&format!("<title>{}</title>\n", escaped(&summary(picture))));
    out.push_str("<g fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.55\" stroke-width=\"1.4\">\n");
    for back in &at.backs {
        out.push_str(&backwards(back));
    }
    let forks = |port: &&Port| port.parts || port.mode.is_some();
    for port in at.ends.iter().filter(forks) {
        out.push_str(&trunk(port));
    }
    let mut tips = Vec::new();
    for track in &at.legs {
        let edge = &picture.edges[track.edge];
        let alone = at.ends.iter().find(|port| (port.vertex, port.errors) == (edge.from, edge.errors) && !forks(port));
        out.push_str(&leg(track, alone.map(|port| port.x), edge.errors));
        let colour = if edge.errors { RED } else { "currentColor" };
        if !tips.contains(&(track.tip, colour)) {
            tips.push((track.tip, colour));
        }
    }
    tips.into_iter().for_each(|((x, y), colour)| out.push_str(&head(x, y, colour)));
    out.push_str("</g>\n");
    for block in &at.blocks {
        out.push_str(&drawn(picture, block));
    }
    out.push_str(&format!("<g fill=\"currentColor\" font-size=\"{}\">\n", 11));
    labels(&at, picture, &mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

fn summary(picture: &Picture) -> String {
    let stage = |kind: Kind| !matches!(kind, Kind::Open | Kind::Discard);
    let names: Vec<String> =
        picture.vertices.iter().filter(|vertex| stage(vertex.kind)).map(|vertex| vertex.title()).collect();
    format!("A pipeline of {}", names.join(", "))
}

/// `12`, `12.5`
fn n(number: f64) -> String {
    let tenths = (number * 10.0).round() / 10.0;
    format!("{tenths}")
}

fn look(errors: bool) -> String {
    if errors { format!(" stroke=\"{RED}\" stroke-opacity=\"0.9\" stroke-dasharray=\"5 4\"") } else { String::new() }
}

/// From the block to where the edges part. What does not part is one line with its only leg.
fn trunk(port: &Port) -> String {
    let to = port.mode.as_ref().map_or(port.fork, |mode| port.fork - mode_width(mode));
    format!("<path d=\"M{} {}H{}\"{}/>\n", n(port.x), n(port.y), n(to), look(port.errors))
}

fn leg(track: &Track, from: Option<f64>, errors: bool) -> String {
    let mut path = from.map(|x| format!("M{} {}", n(x), n(track.bends[0].from.1))).unwrap_or_default();
    for bend in &track.bends {
        let ((x1, y1), (x2, y2)) = (bend.from, bend.to);
        if path.is_empty() {
            path.push_str(&format!("M{} {}", n(x1), n(y1)));
        } else {
            path.push_str(&format!("H{}", n(x1)));
        }
        if y1 == y2 {
            path.push_str(&format!("H{}", n(x2)));
        } else {
            let half = (x1 + x2) / 2.0;
            path.push_str(&format!("C{} {} {} {} {} {}", n(half), n(y1), n(half), n(y2), n(x2), n(y2)));
        }
    }
    format!("<path d=\"{path}H{}\"{}/>\n", n(track.tip.0 - HEAD), look(errors))
}

fn head(x: f64, y: f64, colour: &str) -> String {
    let (from, up, down) = (n(x - HEAD), n(y - 4.0), n(y + 4.0));
    format!(
        "<path d=\"M{from} {up}L{} {}L{from} {down}Z\" fill=\"{colour}\" fill-opacity=\"0.75\" stroke=\"none\"/>\n",
        n(x - 0.5),
        n(y)
    )
}

fn backwards(back: &Back) -> String {
    let ((x1, y1), (x2, y2)) = (back.from, back.tip);
    let (lane, turn, r) = (back.lane, back.turn, 7.0);
    format!(
        "<path d=\"M{} {}Q{} {} {} {}V{}Q{} {} {} {}H{}Q{} {} {} {}V{}Q{} {} {} {}H{}\" stroke=\"{AMBER}\" stroke-opacity=\"0.95\" stroke-dasharray=\"2 4\" stroke-linecap=\"round\" stroke-width=\"1.8\"/>\n{}",
        n(x1 - r),
        n(y1),
        n(x1),
        n(y1),
        n(x1),
        n(y1 + r),
        n(lane - r),
        n(x1),
        n(lane),
        n(x1 - r),
        n(lane),
        n(turn + r),
        n(turn),
        n(lane),
        n(turn),
        n(lane - r),
        n(y2 + r),
        n(turn),
        n(y2),
        n(turn + r / 2.0),
        n(y2),
        n(x2 - HEAD),
        head(x2, y2, AMBER),
    )
}

/// A block: a stage, or several fused ones in a frame.
fn drawn(picture: &Picture, block: &Block) -> String {
    let mut out = String::new();
    let (x, w) = (block.x, block.w);
    let several = block.rows.len() > 1;
    if several {
        out.push_str(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"11\" fill=\"currentColor\" fill-opacity=\"0.04\" stroke=\"currentColor\" stroke-opacity=\"0.3\" stroke-dasharray=\"3 3\"/>\n",
            n(x), n(block.y), n(w), n(block.h)
        ));
    }
    let (x, w) = if several { (x + 9.0, w - 18.0) } else { (x, w) };
    for (at, &(vertex, top, high)) in block.rows.iter().enumerate() {
        let y = block.y + top;
        out.push_str(&stage(picture, vertex, x, y, w, high));
        let Some(&(_, next, _)) = block.rows.get(at + 1) else { continue };
        let (middle, from, to) = (x + PAD + 4.0, y + high, block.y + next);
        out.push_str(&format!(
            "<path d=\"M{0} {1}V{2}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.55\" stroke-width=\"1.4\"/><path d=\"M{3} {2}L{0} {4}L{5} {2}Z\" fill=\"currentColor\" fill-opacity=\"0.75\"/>\n",
            n(middle), n(from), n(to - HEAD), n(middle - 4.0), n(to - 0.5), n(middle + 4.0)
        ));
    }
    out
}

fn stage(picture: &Picture, vertex: usize, x: f64, y: f64, w: f64, h: f64) -> String {
    let of = &picture.vertices[vertex];
    let words = escaped(&of.words());
    if matches!(of.kind, Kind::Open | Kind::Discard) {
        return format!(
            "<g><title>{words}</title><rect x=\"{}\" y=\"{}\" width=\"{DOTS}\" height=\"22\" rx=\"11\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.55\" stroke-dasharray=\"3 3\"/><text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\">{}</text></g>\n",
            n(x),
            n(y + TITLE - 11.0),
            n(x + 17.0),
            n(y + TITLE + 4.0),
            escaped(&of.name)
        );
    }
    let colour = match of.kind {
        Kind::Producer => GREEN,
        Kind::Consumer => PURPLE,
        _ => BLUE,
    };
    let mut out = format!(
        "<g><title>{words}</title><rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" rx=\"7\" fill=\"{colour}\" fill-opacity=\"0.1\" stroke=\"{colour}\" stroke-opacity=\"0.75\" stroke-width=\"1.2\"/>",
        n(x),
        n(y),
        n(w),
        n(h)
    );
    out.push_str(&format!(
        "<text x=\"{}\" y=\"{}\" fill=\"currentColor\" font-weight=\"600\">{}</text>",
        n(x + PAD),
        n(y + TITLE + 4.5),
        escaped(&of.title())
    ));
    for (at, line) in of.lines().iter().enumerate() {
        out.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" fill=\"currentColor\" fill-opacity=\"0.7\" font-size=\"11\">{}</text>",
            n(x + PAD),
            n(y + TITLE + 4.0 + LINE * (at as f64 + 1.0)),
            escaped(line)
        ));
    }
    out.push_str("</g>\n");
    out
}

/// What is written on the edges.
fn labels(at: &Layout, picture: &Picture, out: &mut String) {
    let mut text = |x: f64, y: f64, colour: &str, text: &str| {
        out.push_str(&format!("<text x=\"{}\" y=\"{}\"{colour}>{}</text>\n", n(x), n(y), escaped(text)));
    };
    for port in &at.ends {
        let colour = if port.errors { format!(" fill=\"{RED}\"") } else { " fill-opacity=\"0.75\"".into() };
        if let Some(event) = &port.event {
            text(port.x + 6.0, port.y - if port.mode.is_some() { 13.0 } else { 5.0 }, &colour, event);
        }
    }
    for track in &at.legs {
        if let (Some(label), Some(bend)) = (&track.label, track.bends.first()) {
            text(bend.to.0 + 3.0, bend.to.1 - 5.0, " fill-opacity=\"0.9\"", label);
        }
    }
    for back in &at.backs {
        text(back.turn + 14.0, back.lane - 4.0, &format!(" fill=\"{AMBER}\""), &back.label);
    }
    for block in &at.blocks {
        let inner = block.rows.iter().take(block.rows.len() - 1);
        for &(vertex, top, high) in inner {
            if let Some(event) = &picture.vertices[vertex].emits {
                let event = super::clipped(event, 30);
                text(block.x + 9.0 + PAD + 14.0, block.y + top + high + 15.5, " fill-opacity=\"0.75\"", &event);
            }
        }
    }
    for port in &at.ends {
        let colour = if port.errors { RED } else { "currentColor" };
        if let Some(mode) = &port.mode {
            let w = mode_width(mode);
            let x = port.fork - w;
            out.push_str(&format!(
                "<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"18\" rx=\"9\" fill=\"{AMBER}\" fill-opacity=\"0.18\" stroke=\"{AMBER}\" stroke-opacity=\"0.8\"/><text x=\"{3}\" y=\"{4}\">{5}</text>\n",
                n(x), n(port.y - 9.0), n(w), n(x + 7.0), n(port.y + 4.0), escaped(mode)
            ));
        } else if port.parts {
            out.push_str(&format!(
                "<circle cx=\"{}\" cy=\"{}\" r=\"3.2\" fill=\"{colour}\"/>\n",
                n(port.fork),
                n(port.y)
            ));
        }
    }
}

/// Text in XML: control characters have no place in it at all.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}
