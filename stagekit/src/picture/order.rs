//! The order within each column, so that few edges cross: blocks go to the mean of their neighbours, column by column,
//! to and fro, and the best that was seen is kept.

use super::layers::Grid;

/// How often the columns are gone through.
const SWEEPS: usize = 24;

/// What stands between two neighbouring columns: an item and where an edge leaves it, from 0 (its top) to 1, and the
/// same where the edge comes in.
type Wire = ((usize, f64), (usize, f64));

/// Sorts the columns. `leaves` says how far down its block the edge of a leg begins.
pub(super) fn order(grid: &mut Grid, leaves: impl Fn(usize) -> f64) {
    let mut wires: Vec<Vec<Wire>> = vec![Vec::new(); grid.columns.len()];
    let mut column = vec![0; grid.items()];
    for (at, items) in grid.columns.iter().enumerate() {
        items.iter().for_each(|&item| column[item] = at);
    }
    for leg in &grid.legs {
        for (at, pair) in leg.path.windows(2).enumerate() {
            let from = if at == 0 { leaves(leg.edge) } else { 0.5 };
            wires[column[pair[0]]].push(((pair[0], from), (pair[1], 0.5)));
        }
    }
    let mut best = (crossings(&grid.columns, &wires), grid.columns.clone());
    for sweep in 0..SWEEPS {
        let count = grid.columns.len();
        for step in 1..count {
            let at = if sweep % 2 == 0 { step } else { count - 1 - step };
            let place = places(&grid.columns);
            let neighbours = |item: usize| -> Vec<f64> {
                if sweep % 2 == 0 {
                    let into = wires[at - 1].iter().filter(|wire| wire.1.0 == item);
                    into.map(|wire| place[wire.0.0] as f64 + wire.0.1).collect()
                } else {
                    let out = wires[at].iter().filter(|wire| wire.0.0 == item);
                    out.map(|wire| place[wire.1.0] as f64 + 0.5 - wire.0.1 / 4.0).collect()
                }
            };
            let mut keyed: Vec<(f64, usize)> = grid.columns[at]
                .iter()
                .map(|&item| {
                    let of = neighbours(item);
                    let mean = of.iter().sum::<f64>() / of.len().max(1) as f64;
                    (if of.is_empty() { place[item] as f64 + 0.5 } else { mean }, item)
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            grid.columns[at] = keyed.into_iter().map(|(_, item)| item).collect();
        }
        exchange(&mut grid.columns, &wires);
        let now = crossings(&grid.columns, &wires);
        if now < best.0 {
            best = (now, grid.columns.clone());
        }
        if best.0 == 0 {
            break;
        }
    }
    grid.columns = best.1;
}

/// Swaps neighbours as long as that helps.
fn exchange(columns: &mut [Vec<usize>], wires: &[Vec<Wire>]) {
    let mut now = crossings(columns, wires);
    loop {
        let before = now;
        for at in 0..columns.len() {
            for place in 1..columns[at].len() {
                columns[at].swap(place - 1, place);
                let swapped = crossings(columns, wires);
                if swapped < now {
                    now = swapped;
                } else {
                    columns[at].swap(place - 1, place);
                }
            }
        }
        if now == before {
            return;
        }
    }
}

fn places(columns: &[Vec<usize>]) -> Vec<usize> {
    let mut places = vec![0; columns.iter().map(Vec::len).sum()];
    for column in columns {
        column.iter().enumerate().for_each(|(place, &item)| places[item] = place);
    }
    places
}

fn crossings(columns: &[Vec<usize>], wires: &[Vec<Wire>]) -> usize {
    let place = places(columns);
    let mut count = 0;
    for between in wires {
        let ends: Vec<(f64, f64)> =
            between.iter().map(|(a, b)| (place[a.0] as f64 + a.1, place[b.0] as f64 + b.1)).collect();
        for (at, a) in ends.iter().enumerate() {
            count += ends[at + 1..].iter().filter(|b| (a.0 - b.0) * (a.1 - b.1) < 0.0).count();
        }
    }
    count
}
