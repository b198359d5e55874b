//! How high everything stands: each block goes to where its edges would be straight, as far as its neighbours let it.

use super::Picture;
use super::layers::Grid;
use super::layout::{LANE, MARGIN, ROW, Sizes, TITLE};

/// Where an item would stand, and how much it wants that, as all others stand now.
type Wish<'a> = dyn Fn(usize, &[f64]) -> (f64, f64) + 'a;

/// The top of each block, and the height of each long edge in each column.
pub(super) fn heights(picture: &Picture, grid: &Grid, sizes: &[Sizes], leaves: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let (count, blocks) = (grid.items(), sizes.len());
    let high = |item: usize| sizes.get(item).map_or(0.0, |size| size.h);
    // What pulls an item: its neighbour, how far from it it would be straight, how hard; and whether that is a chain.
    struct Pull {
        to: usize,
        off: f64,
        hard: f64,
        left: bool,
        chain: f64,
    }
    let mut pulls: Vec<Vec<Pull>> = (0..count).map(|_| Vec::new()).collect();
    // How many legs each end has, and how many lead into each block.
    let end = |edge: usize| 2 * picture.edges[edge].from + usize::from(picture.edges[edge].errors);
    let (mut outs, mut into) = (vec![0; 2 * picture.vertices.len()], vec![0; blocks]);
    for leg in &grid.legs {
        outs[end(leg.edge)] += 1;
        into[leg.path[leg.path.len() - 1]] += 1;
    }
    for leg in &grid.legs {
        let ins = into[leg.path[leg.path.len() - 1]];
        let single = outs[end(leg.edge)] == 1;
        let errors = picture.edges[leg.edge].errors;
        for (at, pair) in leg.path.windows(2).enumerate() {
            let from = if at == 0 { leaves(leg.edge) } else { 0.0 };
            let into = if pair[1] < blocks { TITLE } else { 0.0 };
            let inner = usize::from(at > 0) + usize::from(pair[1] >= blocks);
            let hard = [1.0, 3.0, 9.0][inner] * if errors { 0.3 } else { 1.0 };
            let chain = match (inner, single, ins) {
                (0, true, 1) if errors => 100.0,
                (2, ..) | (0, true, 1) => 400.0,
                (1, _, 1) if at > 0 => 400.0,
                (1, true, _) if at == 0 => {
                    if errors {
                        20.0
                    } else {
                        100.0
                    }
                }
                _ => 0.0,
            };
            pulls[pair[1]].push(Pull { to: pair[0], off: from - into, hard, left: true, chain });
            pulls[pair[0]].push(Pull { to: pair[1], off: into - from, hard, left: false, chain });
        }
    }
    let mut y = vec![0.0; count];
    for column in &grid.columns {
        let mut at = MARGIN;
        for &item in column {
            y[item] = at;
            at += high(item) + ROW;
        }
    }
    let settle = |y: &mut Vec<f64>, column: &[usize], wish: &Wish<'_>| {
        let wishes: Vec<(f64, f64)> = column.iter().map(|&item| wish(item, y)).collect();
        let mut steps = vec![0.0];
        for pair in column.windows(2) {
            let gap = if pair.iter().all(|&item| item >= blocks) { LANE + 2.0 } else { ROW };
            steps.push(high(pair[0]) + gap);
        }
        for (&item, at) in column.iter().zip(spread(&wishes, &steps)) {
            y[item] = at;
        }
    };
    let sweep = |y: &mut Vec<f64>, onward: bool, wish: &Wish<'_>| {
        for at in 0..grid.columns.len() {
            let at = if onward { at } else { grid.columns.len() - 1 - at };
            settle(y, &grid.columns[at], wish);
        }
    };
    let mean = |item: usize, y: &[f64], side: Option<bool>| {
        let (mut sum, mut hard) = (0.0, 0.0);
        for pull in &pulls[item] {
            if side.is_none_or(|left| pull.left == left) {
                sum += (y[pull.to] + pull.off) * pull.hard;
                hard += pull.hard;
            }
        }
        if hard == 0.0 { (y[item], 0.05) } else { (sum / hard, hard) }
    };
    for round in 0..40 {
        let side = match round {
            0..8 => Some(round % 2 == 0),
            _ => None,
        };
        let wish = |item: usize, y: &[f64]| mean(item, y, side);
        sweep(&mut y, round % 2 == 0, &wish);
    }
    // Chains are made straight: who follows one alone goes to its height, and, where there is no room, it to theirs.
    for round in 0..9 {
        let left = round % 2 == 0;
        let wish = |item: usize, y: &[f64]| match pulls[item].iter().find(|pull| pull.left == left && pull.chain > 0.0)
        {
            Some(pull) => (y[pull.to] + pull.off, pull.chain),
            None => (y[item], 1.0),
        };
        sweep(&mut y, left, &wish);
    }
    // What is only just not straight is made so, over the room between neighbours.
    for column in &grid.columns {
        for (place, &item) in column.iter().enumerate() {
            let Some(pull) = pulls[item].iter().find(|pull| pull.left && pull.chain > 0.0) else { continue };
            let wish = y[pull.to] + pull.off;
            let below = column.get(place + 1).is_none_or(|&next| wish + high(item) + LANE < y[next]);
            let above = place == 0 || y[column[place - 1]] + high(column[place - 1]) + LANE < wish;
            if (wish - y[item]).abs() < 5.0 && below && above {
                y[item] = wish;
            }
        }
    }
    let mut top = f64::INFINITY;
    for &at in &y {
        top = top.min(at);
    }
    for at in &mut y {
        *at = *at - top + MARGIN;
    }
    y
}

/// The places nearest to what is wished (`(where, how much)`), in this order, each at least its step behind the last: pools
/// of neighbours that would overlap go to their common mean.
fn spread(wishes: &[(f64, f64)], steps: &[f64]) -> Vec<f64> {
    let mut behind = 0.0;
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    let mut offsets = Vec::new();
    for ((at, hard), step) in wishes.iter().zip(steps) {
        behind += step;
        offsets.push(behind);
        pools.push((at - behind, *hard, 1));
        while let [.., a, b] = pools[..]
            && a.0 > b.0
        {
            pools.pop();
            pools.pop();
            pools.push(((a.0 * a.1 + b.0 * b.1) / (a.1 + b.1), a.1 + b.1, a.2 + b.2));
        }
    }
    let mut places = Vec::new();
    for (at, _, count) in pools {
        for _ in 0..count {
            places.push(at + offsets[places.len()]);
        }
    }
    places
}
