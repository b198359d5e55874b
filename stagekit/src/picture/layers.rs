//! Columns from left to right: each run of fused stages is one block, a block stands right of all that leads into it,
//! and an edge over several columns has a place of its own in each of them.

use super::{Picture, Way};

pub(super) struct Grid {
    pub(super) blocks: Vec<Vec<usize>>,
    /// The blocks, by their numbers; then the places of long edges.
    pub(super) columns: Vec<Vec<usize>>,
    pub(super) legs: Vec<Leg>,
    /// The edges that lead back: feedback, and what else would close a circle.
    pub(super) backs: Vec<usize>,
}

/// An edge and the places it goes through, from its first block to its last.
pub(super) struct Leg {
    pub(super) edge: usize,
    pub(super) path: Vec<usize>,
}

impl Grid {
    pub(super) fn new(picture: &Picture) -> Self {
        let blocks = picture.runs();
        let mut of = vec![0; picture.vertices.len()];
        for (block, run) in blocks.iter().enumerate() {
            for &vertex in run {
                of[vertex] = block;
            }
        }
        let mut edges: Vec<(usize, usize, usize)> = Vec::new();
        for (at, edge) in picture.edges.iter().enumerate() {
            if edge.way == Way::Subscription {
                edges.push((at, of[edge.from], of[edge.to]));
            }
        }
        let circles = circles(blocks.len(), &edges);
        edges.retain(|(at, ..)| !circles.contains(at));
        let mut backs = Vec::new();
        for (at, edge) in picture.edges.iter().enumerate() {
            if edge.way == Way::Feedback || circles.contains(&at) {
                backs.push(at);
            }
        }
        let layer = layers(blocks.len(), &edges);

        let mut columns = vec![Vec::new(); layer.iter().max().map_or(0, |last| last + 1)];
        // As one comes to them who reads along the edges: those of one end in the order in which they are written.
        let mut turn = vec![0; blocks.len()];
        let mut turn_of = vec![0; picture.edges.len()];
        for (at, (by, block)) in walk(blocks.len(), &edges).into_iter().enumerate() {
            if let Some(edge) = by {
                turn_of[edge] = at;
            }
            if !columns[layer[block]].contains(&block) {
                columns[layer[block]].push(block);
                turn[block] = at;
            }
        }
        let mut items = blocks.len();
        let mut legs = Vec::new();
        for (edge, from, to) in edges {
            let mut path = vec![from];
            for column in &mut columns[layer[from] + 1..layer[to]] {
                column.push(items);
                path.push(items);
                turn.push(turn_of[edge]);
                items += 1;
            }
            path.push(to);
            legs.push(Leg { edge, path });
        }
        columns.iter_mut().for_each(|column| column.sort_by_key(|&item| turn[item]));
        Grid { blocks, columns, legs, backs }
    }

    /// The number of blocks and of places of long edges.
    pub(super) fn items(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }
}

/// For each block the edges that leave it: their numbers, and where they lead.
fn ways(blocks: usize, edges: &[(usize, usize, usize)]) -> Vec<Vec<(usize, usize)>> {
    let mut ways = vec![Vec::new(); blocks];
    for &(at, from, to) in edges {
        ways[from].push((at, to));
    }
    ways
}

/// The edges that close a circle: those into a block that is still being followed.
fn circles(blocks: usize, edges: &[(usize, usize, usize)]) -> Vec<usize> {
    fn follow(block: usize, ways: &[Vec<(usize, usize)>], state: &mut [u8], found: &mut Vec<usize>) {
        state[block] = 1;
        for &(at, to) in &ways[block] {
            match state[to] {
                0 => follow(to, ways, state, found),
                1 => found.push(at),
                _ => {}
            }
        }
        state[block] = 2;
    }
    let (mut state, mut found, ways) = (vec![0; blocks], Vec::new(), ways(blocks, edges));
    for (_, block) in walk(blocks, edges) {
        if state[block] == 0 {
            follow(block, &ways, &mut state, &mut found);
        }
    }
    found
}

/// The longest way to each block from where the graph begins. What begins it stands close to what it feeds.
fn layers(blocks: usize, edges: &[(usize, usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; blocks];
    // Without circles no way is longer than there are blocks.
    for _ in 0..blocks {
        let mut moved = false;
        for &(_, from, to) in edges {
            if layer[to] <= layer[from] {
                layer[to] = layer[from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let (ways, begins) = (ways(blocks, edges), begins(blocks, edges));
    for block in (0..blocks).filter(|&block| begins[block]) {
        if let Some(next) = ways[block].iter().map(|&(_, to)| layer[to]).min() {
            layer[block] = next - 1;
        }
    }
    layer
}

fn begins(blocks: usize, edges: &[(usize, usize, usize)]) -> Vec<bool> {
    let mut begins = vec![true; blocks];
    for edge in edges {
        begins[edge.2] = false;
    }
    begins
}

/// Every block, and every edge that leads to one, in the order in which one that reads along the edges comes to them.
fn walk(blocks: usize, edges: &[(usize, usize, usize)]) -> Vec<(Option<usize>, usize)> {
    let (ways, begins) = (ways(blocks, edges), begins(blocks, edges));
    let (mut walk, mut is_seen) = (Vec::new(), vec![false; blocks]);
    for block in (0..blocks).filter(|&block| begins[block]).chain(0..blocks) {
        if is_seen[block] {
            continue;
        }
        let mut left = vec![(None, block)];
        while let Some((by, block)) = left.pop() {
            walk.push((by, block));
            if !std::mem::replace(&mut is_seen[block], true) {
                left.extend(ways[block].iter().rev().map(|&(at, to)| (Some(at), to)));
            }
        }
    }
    walk
}
