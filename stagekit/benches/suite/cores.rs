//! Does a second core help? Three stages with work for the processor, and nothing said about where they run.

use std::time::Duration;

use stagekit::prelude::*;

use crate::board::Bar::AtLeast;
use crate::board::Board;
use crate::contenders;
use crate::stages::{plain_answer, source, steps_per_microsecond, toil};
use crate::table::{Contender, Table, nanoseconds};

/// What an event costs in all three stages together, in microseconds.
const WORK: u32 = 20;

/// How long a run is: that the stages begin and end one after the other should not matter.
const LENGTH: Duration = Duration::from_millis(600);

/// How many steps a stage works on an event: the same for all runs of the program.
fn steps() -> u32 {
    static STEPS: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *STEPS.get_or_init(|| steps_per_microsecond() * WORK / 3)
}

#[producer]
pub(crate) fn heavy(n: u64, steps: u32) -> impl Iterator<Item = u64> {
    source(0..n).inspect(move |x| toil(*x, steps))
}

#[producer_consumer]
pub(crate) fn work(x: u64, steps: u32) -> u64 {
    toil(x, steps);
    x
}

#[consumer]
pub(crate) fn work_and_add(x: u64, steps: u32, sum: &mut u64) {
    toil(x, steps);
    *sum += x;
}

async fn three(n: u64) -> u64 {
    let steps = steps();
    let finished = pipeline! {
        let total = work_and_add(steps, 0);
        heavy(n, steps) => work(steps) => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("work_and_add").unwrap().events_in, n);
    finished.total
}

const CT: [Contender; 1] = contenders![Ct, plain_answer, |n| [heavy_ct => three(n)]];
const MT: [Contender; 1] = contenders![Mt, plain_answer, |n| [heavy_mt => three(n)]];

pub(crate) fn run(board: &mut Board) {
    println!("  {WORK} us per event are {} steps in each of three stages", steps());
    let table = Table::measure_for(LENGTH, board, &[CT, MT].concat(), 500);
    let both = ["heavy_mt", "heavy_ct"].map(|name| nanoseconds(table.nanoseconds(name)));
    board
        .case("heavy_mt")
        .value("ns_per_event", table.nanoseconds("heavy_mt"))
        .measured(
            "throughput_vs_heavy_ct",
            table.ratio("heavy_ct", "heavy_mt"),
            (&both[0], &both[1]),
            Some(AtLeast(1.7)),
        )
        .print();
}
