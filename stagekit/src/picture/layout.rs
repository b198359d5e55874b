//! Where everything stands, in pixels. A block is as large as its texts; edges leave at its right and come in at its left;
//! heights are found by letting each block go to where its edges would be straight, as far as its neighbours let it.

use super::heights::heights;
use super::layers::Grid;
use super::order::order;
use super::{End, Kind, Picture, Way, clipped, width};

/// The width of a character of the title, and of a small one: those of the widest of the usual fonts, so that nothing
/// overflows.
pub(super) const WIDE: f64 = 8.0;
pub(super) const SMALL: f64 = 6.7;
pub(super) const LINE: f64 = 15.0;
pub(super) const MARGIN: f64 = 14.0;
/// Inside a block, left and right of a text.
pub(super) const PAD: f64 = 13.0;
/// From the top of a stage to the middle of its title, where its edges are.
pub(super) const TITLE: f64 = 17.0;
/// Between the stages of a run.
const JOINT: f64 = 24.0;
/// Between the ends of one block; where both have a word on them, the error stands between the two words.
const APART: f64 = 24.0;
const FURTHER: f64 = 35.0;
pub(super) const ROW: f64 = 22.0;
/// The width of `..` and `_`.
pub(super) const DOTS: f64 = 34.0;
/// The room of an arrow's head, and of the lane of one edge that leads back.
pub(super) const HEAD: f64 = 9.0;
pub(super) const LANE: f64 = 14.0;

pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) blocks: Vec<Block>,
    pub(super) ends: Vec<Port>,
    pub(super) legs: Vec<Track>,
    pub(super) backs: Vec<Back>,
}

pub(super) struct Block {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
    /// The stages: which, from where, and how high.
    pub(super) rows: Vec<(usize, f64, f64)>,
}

/// Where an end leaves its block.
pub(super) struct Port {
    pub(super) vertex: usize,
    pub(super) errors: bool,
    pub(super) x: f64,
    pub(super) y: f64,
    /// Where its edges part.
    pub(super) fork: f64,
    pub(super) event: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) parts: bool,
}

/// A curve for each gap between two columns: from here to there, and on to where the next one begins.
pub(super) struct Track {
    pub(super) edge: usize,
    pub(super) bends: Vec<Bend>,
    pub(super) label: Option<String>,
    /// Where the head of its arrow is.
    pub(super) tip: (f64, f64),
}

pub(super) struct Bend {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
}

/// An edge that leads back: down, along below everything, and up again.
pub(super) struct Back {
    pub(super) from: (f64, f64),
    pub(super) lane: f64,
    pub(super) turn: f64,
    pub(super) tip: (f64, f64),
    pub(super) label: String,
}

/// The width of the word that stands on an edge, in its frame.
pub(super) fn mode_width(mode: &str) -> f64 {
    width(mode) as f64 * SMALL + 14.0
}

pub(super) struct Sizes {
    w: f64,
    pub(super) h: f64,
    rows: Vec<(usize, f64, f64)>,
}

pub(super) fn layout(picture: &Picture) -> Layout {
    let mut grid = Grid::new(picture);
    let ends = picture.ends();
    let apart = apart(picture, &ends);
    let sizes: Vec<Sizes> = grid.blocks.iter().map(|run| size(picture, run, &apart)).collect();
    let mut block_of = vec![0; picture.vertices.len()];
    for (block, run) in grid.blocks.iter().enumerate() {
        for &vertex in run {
            block_of[vertex] = block;
        }
    }
    // Where an end leaves, from the top of its block.
    let mut row_of = vec![0.0; picture.vertices.len()];
    for size in &sizes {
        for &(vertex, row, _) in &size.rows {
            row_of[vertex] = row;
        }
    }
    let mut emits = vec![false; picture.vertices.len()];
    for end in &ends {
        emits[end.vertex] |= !end.errors;
    }
    for edge in &picture.edges {
        emits[edge.from] &= edge.way != Way::Fused;
    }
    let leaves = |vertex: usize, errors: bool| {
        row_of[vertex] + TITLE + if errors && emits[vertex] { apart[vertex] } else { 0.0 }
    };
    order(&mut grid, |edge| {
        let edge = &picture.edges[edge];
        leaves(edge.from, edge.errors) / sizes[block_of[edge.from]].h
    });
    let y = heights(picture, &grid, &sizes, &|edge| leaves(picture.edges[edge].from, picture.edges[edge].errors));
    // Of the blocks, and of the places of long edges, which are no higher than a line.
    let mut bottom = 0.0_f64;
    for (item, &top) in y.iter().enumerate() {
        bottom = bottom.max(top + sizes.get(item).map_or(0.0, |size| size.h));
    }

    // The ports, whose x is known when the columns are.
    let mut ports: Vec<Port> = ends
        .iter()
        .filter(|end| end.edges.iter().any(|&edge| picture.edges[edge].way != Way::Fused))
        .map(|end| {
            let y = y[block_of[end.vertex]] + leaves(end.vertex, end.errors);
            let own = &picture.vertices[end.vertex];
            let own = if end.errors { &own.fails } else { &own.emits };
            let event = own.as_deref().or(end.errors.then_some("else")).map(|event| clipped(event, 30));
            let mode = shown(picture, end);
            Port {
                vertex: end.vertex,
                errors: end.errors,
                x: 0.0,
                y,
                fork: 0.0,
                event,
                mode,
                parts: end.edges.len() > 1,
            }
        })
        .collect();
    let mut column = vec![0; grid.items()];
    for (at, items) in grid.columns.iter().enumerate() {
        for &item in items {
            column[item] = at;
        }
    }
    let mut labels = vec![None; picture.edges.len()];
    for end in &ends {
        for &edge in &end.edges {
            labels[edge] = picture.leg(end, edge).map(|label| clipped(&label, 60));
        }
    }
    let mut steps_of = vec![Vec::new(); grid.columns.len()];
    for leg in &grid.legs {
        for step in leg.path.windows(2).enumerate() {
            steps_of[column[step.1[0]]].push((leg, step));
        }
    }
    // Column by column: the blocks, the events, where edges part, the curve, the labels of the legs, the arrows.
    let (mut left, mut wide, mut fork, mut bent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut x = MARGIN + lanes(picture, &grid, &block_of, &column, 0);
    for (at, items) in grid.columns.iter().enumerate() {
        let mut w = 0.0_f64;
        for &item in items {
            w = w.max(sizes.get(item).map_or(0.0, |size| size.w));
        }
        let texts = |port: &Port| {
            let event = port.event.as_ref().map_or(8.0, |event| width(event) as f64 * SMALL + 14.0);
            port.mode.as_ref().map_or(event, |mode| event.max(mode_width(mode) + 12.0))
        };
        let mut event = 0.0_f64;
        for port in &ports {
            if column[block_of[port.vertex]] == at {
                event = event.max(texts(port));
            }
        }
        let steps = &steps_of[at];
        let (mut rise, mut label) = (0.0_f64, 0.0_f64);
        for (leg, (step, pair)) in steps {
            let mut from = 0.0;
            if *step == 0 {
                from = leaves(picture.edges[leg.edge].from, picture.edges[leg.edge].errors);
                let text = labels[leg.edge].as_deref();
                label = label.max(text.map_or(0.0, |label| width(label) as f64 * SMALL + 14.0));
            }
            let into = if pair[1] < sizes.len() { TITLE } else { 0.0 };
            rise = rise.max((y[pair[0]] + from - y[pair[1]] - into).abs());
        }
        let curve = if rise < 0.5 { 10.0 } else { (22.0 + rise * 0.16).clamp(26.0, 84.0) };
        left.push(x);
        wide.push(w);
        fork.push(x + w + event);
        bent.push(x + w + event + curve);
        x += w + event + curve + label + HEAD + 5.0 + lanes(picture, &grid, &block_of, &column, at + 1);
    }
    for port in &mut ports {
        let at = column[block_of[port.vertex]];
        let open = picture.vertices[port.vertex].kind == Kind::Open;
        (port.x, port.fork) = (left[at] + if open { DOTS } else { wide[at] }, fork[at]);
    }
    let mut port_of = vec![None; 2 * picture.vertices.len()];
    for (at, port) in ports.iter().enumerate() {
        port_of[2 * port.vertex + usize::from(port.errors)] = Some(at);
    }
    let port = |edge: usize| {
        let of = &picture.edges[edge];
        Some(&ports[port_of[2 * of.from + usize::from(of.errors)]?])
    };
    let mut tracks = Vec::new();
    for leg in &grid.legs {
        let Some(port) = port(leg.edge) else { continue };
        let mut from = (port.fork, port.y);
        let mut bends = Vec::new();
        for pair in leg.path.windows(2) {
            let at = column[pair[0]];
            let into = if pair[1] < sizes.len() { TITLE } else { 0.0 };
            let to = (bent[at], y[pair[1]] + into);
            bends.push(Bend { from, to });
            from = (fork.get(at + 1).copied().unwrap_or(to.0), to.1);
        }
        let last = leg.path[leg.path.len() - 1];
        tracks.push(Track {
            edge: leg.edge,
            bends,
            label: labels[leg.edge].clone(),
            tip: (left[column[last]], y[last] + TITLE),
        });
    }
    let mut backs = Vec::new();
    for (at, &edge) in grid.backs.iter().enumerate() {
        let Some(port) = port(edge) else { continue };
        let to = block_of[picture.edges[edge].to];
        let before =
            grid.backs[..at].iter().filter(|&&other| column[block_of[picture.edges[other].to]] == column[to]).count();
        let tip = (left[column[to]], y[to] + TITLE);
        let turn = tip.0 - HEAD - 6.0 - LANE * before as f64;
        let label = picture.edges[edge].label.clone().unwrap_or_else(|| "feedback".into());
        let lane = bottom + LANE * (at as f64 + 1.5);
        backs.push(Back { from: (port.fork, port.y), lane, turn, tip, label });
    }
    let below = if backs.is_empty() { 0.0 } else { LANE * (backs.len() as f64 + 0.5) };
    let mut right = MARGIN;
    for block in 0..sizes.len() {
        right = right.max(left[column[block]] + wide[column[block]]);
    }
    for port in &ports {
        if port.parts || port.mode.is_some() || !backs.is_empty() {
            right = right.max(port.fork + 4.0);
        }
    }
    let blocks = sizes.into_iter().enumerate().map(|(block, size)| {
        let at = column[block];
        Block { x: left[at], y: y[block], w: wide[at], h: size.h, rows: size.rows }
    });
    Layout {
        width: right + MARGIN,
        height: bottom + below + MARGIN,
        blocks: blocks.collect(),
        ends: ports,
        legs: tracks,
        backs,
    }
}

/// The room that the edges back into a column need before it.
fn lanes(picture: &Picture, grid: &Grid, block_of: &[usize], column: &[usize], at: usize) -> f64 {
    grid.backs.iter().filter(|&&edge| column[block_of[picture.edges[edge].to]] == at).count() as f64 * LANE
}

/// The word that stands on an end, in its frame.
fn shown(picture: &Picture, end: &End) -> Option<String> {
    picture.mode(end).filter(|mode| mode != "all")
}

/// How far below its events the errors of each stage leave.
fn apart(picture: &Picture, ends: &[End]) -> Vec<f64> {
    let mut words = vec![0; picture.vertices.len()];
    for end in ends {
        words[end.vertex] += usize::from(shown(picture, end).is_some());
    }
    words.into_iter().map(|words| if words > 1 { FURTHER } else { APART }).collect()
}

/// How large a block is, with its stages one below the other.
fn size(picture: &Picture, run: &[usize], apart: &[f64]) -> Sizes {
    let frame = if run.len() > 1 { 9.0 } else { 0.0 };
    let (mut w, mut y, mut rows) = (0.0_f64, frame, Vec::new());
    for (at, &vertex) in run.iter().enumerate() {
        let of = &picture.vertices[vertex];
        let lines = of.lines();
        let text = lines.iter().map(|line| width(line) as f64 * SMALL).fold(width(&of.title()) as f64 * WIDE, f64::max);
        let goes_on = at + 1 < run.len();
        let event =
            of.emits.as_ref().filter(|_| goes_on).map_or(0.0, |event| width(&clipped(event, 30)) as f64 * SMALL + 26.0);
        w = w.max(text + 2.0 * PAD).max(event + PAD);
        let both = picture.edges.iter().any(|edge| edge.from == vertex && edge.errors) && !goes_on;
        let below = (lines.len() as f64 * LINE).max(if both && of.emits.is_some() { apart[vertex] - 4.0 } else { 0.0 });
        let h = 2.0 * TITLE + below - if below > 0.0 { 3.0 } else { 0.0 };
        rows.push((vertex, y, h));
        y += h + if goes_on { JOINT } else { 0.0 };
    }
    Sizes { w: w.max(DOTS) + 2.0 * frame, h: y + frame, rows }
}
