//! The order within each column, so that few edges cross: blocks go to the mean of their neighbours, column by column,
//! to and fro, and the best that was seen is kept.

use super::layers::Grid;

/// How often the columns are gone through.
const SWEEPS: usize = 24;

/// What stands between two neighbouring columns: an item and where an edge leaves it, from 0 (its top) to 1, and the
/// same where the edge comes in.
type Wire = ((usize, f64), (usize, f64));

/// How far down an item one of its edges is, and the item at the other end, with the same.
type Tie = (f64, (usize, f64));

/// The edges of each item: those that come in, and those that leave.
struct Ties {
    into: Vec<Vec<Tie>>,
    out: Vec<Vec<Tie>>,
}

/// For each item where its first edge leaves, and which leg it is there: an item and how far down it, and a number.
type Leg = (Option<(usize, u64)>, usize);

/// Sorts the columns. `leaves` says how far down its block the edge of a leg begins. Gives how often it looked at a wire.
pub(super) fn order(grid: &mut Grid, leaves: impl Fn(usize) -> f64) -> usize {
    let mut wires: Vec<Vec<Wire>> = vec![Vec::new(); grid.columns.len()];
    let mut ties = Ties { into: vec![Vec::new(); grid.items()], out: vec![Vec::new(); grid.items()] };
    let mut column = vec![0; grid.items()];
    for (at, items) in grid.columns.iter().enumerate() {
        for &item in items {
            column[item] = at;
        }
    }
    for leg in &grid.legs {
        for (at, pair) in leg.path.windows(2).enumerate() {
            let from = if at == 0 { leaves(leg.edge) } else { 0.5 };
            let (a, b) = ((pair[0], from), (pair[1], 0.5));
            wires[column[a.0]].push((a, b));
            ties.out[a.0].push((a.1, b));
            ties.into[b.0].push((b.1, a));
        }
    }
    let mut written: Vec<Leg> = vec![(None, 0); grid.items()];
    for leg in &grid.legs {
        for pair in leg.path.windows(2).take(1) {
            let first = &mut written[pair[1]];
            if first.0.is_none() {
                *first = (Some((pair[0], leaves(leg.edge).to_bits())), leg.edge);
            }
        }
    }
    let mut looked = 0;
    let mut best = (crossings(&grid.columns, &wires, &mut looked), grid.columns.clone());
    for sweep in 0..SWEEPS {
        let onward = sweep % 2 == 0;
        let count = grid.columns.len();
        let mut place = places(&grid.columns);
        for step in 1..count {
            let at = if onward { step } else { count - 1 - step };
            let mut keyed: Vec<(f64, usize)> = Vec::new();
            let before = grid.columns[at].clone();
            for (now, &item) in before.iter().enumerate() {
                let of = if onward { &ties.into[item] } else { &ties.out[item] };
                let mut sum = 0.0;
                for &(own, (other, its)) in of {
                    sum += place[other] as f64 + if onward { its } else { 0.5 - own / 4.0 };
                }
                keyed.push((if of.is_empty() { now as f64 + 0.5 } else { sum / of.len() as f64 }, now));
            }
            sort(&mut keyed);
            for (to, &(_, now)) in keyed.iter().enumerate() {
                grid.columns[at][to] = before[now];
                place[before[now]] = to;
            }
        }
        exchange(&mut grid.columns, &ties, &written, &mut place, &mut looked);
        let now = crossings(&grid.columns, &wires, &mut looked);
        if now < best.0 {
            best = (now, grid.columns.clone());
        }
        if best.0 == 0 {
            break;
        }
    }
    grid.columns = best.1;
    looked
}

/// Swaps neighbours as long as that helps. Only the edges of the two can cross otherwise than before. Where it is the same,
/// the legs of one end stand as they are written.
fn exchange(columns: &mut [Vec<usize>], ties: &Ties, written: &[Leg], place: &mut [usize], looked: &mut usize) {
    let mut helped = true;
    while std::mem::take(&mut helped) {
        for column in &mut *columns {
            for at in 1..column.len() {
                let (above, below) = (column[at - 1], column[at]);
                let (mut now, mut swapped) = (0, 0);
                for ends in [&ties.into, &ties.out] {
                    *looked += ends[above].len() * ends[below].len();
                    for &(_, (a, a_at)) in &ends[above] {
                        for &(_, (b, b_at)) in &ends[below] {
                            let (a, b) = (place[a] as f64 + a_at, place[b] as f64 + b_at);
                            now += usize::from(a > b);
                            swapped += usize::from(a < b);
                        }
                    }
                }
                let turned = written[above].0 == written[below].0 && written[above].1 > written[below].1;
                if swapped < now || swapped == now && turned {
                    column.swap(at - 1, at);
                    (place[above], place[below]) = (at, at - 1);
                    helped = true;
                }
            }
        }
    }
}

fn sort(places: &mut [(f64, usize)]) {
    places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
}

fn places(columns: &[Vec<usize>]) -> Vec<usize> {
    let mut places = vec![0; columns.iter().map(Vec::len).sum()];
    for column in columns {
        for (place, &item) in column.iter().enumerate() {
            places[item] = place;
        }
    }
    places
}

/// How many pairs of wires cross: of those that begin higher, the ones that end lower.
fn crossings(columns: &[Vec<usize>], wires: &[Vec<Wire>], looked: &mut usize) -> usize {
    let place = places(columns);
    let most = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut count = 0;
    for between in wires {
        let mut ends: Vec<(f64, usize)> = Vec::new();
        for &((a, from), (b, _)) in between {
            ends.push((place[a] as f64 + from, place[b]));
        }
        sort(&mut ends);
        // How many have ended at each place, in sums over spans whose lengths are powers of two.
        let mut ended = vec![0; most + 1];
        for (before, &(_, to)) in ends.iter().enumerate() {
            let mut above = 0;
            let mut at = to + 1;
            while at > 0 {
                above += ended[at];
                at &= at - 1;
                *looked += 1;
            }
            count += before - above;
            at = to + 1;
            while at <= most {
                ended[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
    }
    count
}
