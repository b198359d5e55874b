//! The benchmarks: every question a module, rivals beside us in the same run, the answers asserted.
//!
//! ```text
//! cargo bench -p stagekit                          # everything: about six minutes, and a soak of ten
//! cargo bench -p stagekit -- --smoke               # tiny sizes, answers only, and a soak of a minute
//! cargo bench -p stagekit -- --soak 30             # the same with another length of the soak, in seconds; 0 is none
//! cargo bench -p stagekit -- --only hop,latency    # the cases whose names begin so
//! cargo bench -p stagekit -- --count hop_ct 1000000
//! ```
//!
//! Each case prints a line for scripts, `bench NAME key=value ..`, where `vs_RIVAL=` is the ratio of our time to the
//! rival's, smaller is better, and `bar_vs_RIVAL=` the most it should be. At the end all cases with a rival are printed
//! as a table in Markdown. A bar that is missed does not fail the program: these machines are shared. A wrong answer
//! does, and so does what BENCHMARKS.md says is asserted.
//!
//! `--count` is one run of one contender, for `valgrind --tool=cachegrind --cache-sim=no`: the difference between two
//! sizes, divided by the difference in events, is instructions per event. `.ci/instructions` does that.

mod board;
mod citizen;
mod cores;
mod demand;
mod fan;
mod heap;
mod hop;
mod latency;
mod many;
mod memory;
mod process;
mod receipts;
mod soak;
mod stages;
mod table;
mod waits;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use board::Board;
use process::arguments;

/// Cases that are measured together, and how.
struct Group {
    cases: &'static [&'static str],
    run: fn(&mut Board),
}

const GROUPS: &[Group] = &[
    Group {
        cases: &[
            "hop_ct",
            "hop_auto_ct",
            "hop_auto_mt",
            "fused_ct",
            "fused_batches_ct",
            "hop_opaque_ct",
            "counters_read_ct",
        ],
        run: hop::light,
    },
    Group {
        cases: &["single_ct", "tiny_own0_ct", "tiny_own1_ct", "tiny_auto0_ct", "tiny_auto1_ct"],
        run: hop::single_events,
    },
    Group { cases: &["any", "all", "by"], run: fan::run },
    Group { cases: &["heap64_ct", "heap1024_ct"], run: heap::run },
    Group { cases: &["latency_ct", "latency_own_ct", "latency_fused_ct", "latency_mt"], run: latency::run },
    Group { cases: &["async_ct", "async_yield_ct"], run: waits::run },
    Group { cases: &["receipts_ct", "no_receipts_ct"], run: receipts::run },
    Group { cases: &["heavy_mt"], run: cores::run },
    Group { cases: &["demand_light_ct", "demand_sleep_ct", "demand_sleep_mt", "demand_spin_mt"], run: demand::run },
    Group { cases: &["citizen_ct", "citizen_mt"], run: citizen::run },
    Group { cases: &["memory_ct", "memory_mt", "memory_async_mt"], run: memory::run },
    Group { cases: &["idle_stage", "many_start", "many_push"], run: many::run },
    Group { cases: &["soak_mt"], run: soak::run },
];

/// One run of one contender, and nothing else.
fn count(name: &str, events: u64) {
    let all = [
        &hop::LIGHT[..],
        &hop::LIGHT_MT,
        &hop::SINGLE,
        &hop::VEC1,
        &fan::ANY,
        &fan::BY,
        &fan::ALL4,
        &heap::SMALL,
        &waits::YIELDS,
        &receipts::WITH,
        &receipts::WITHOUT,
    ]
    .concat();
    let contender = all.iter().find(|contender| contender.name == name);
    let contender = contender.unwrap_or_else(|| panic!("no contender is named {name}"));
    table::run(&contender.on.runtime(), contender, events);
}

fn main() -> ExitCode {
    if let Some(wanted) = arguments("--count") {
        let [name, events, ..] = &wanted[..] else { panic!("--count takes the name of a contender and a number") };
        count(name, events.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    if let Some(wanted) = arguments("--child") {
        match wanted.split_first() {
            Some((module, wanted)) if module == "many" => many::child(wanted),
            Some((module, wanted)) if module == "memory" => memory::child(wanted),
            _ => panic!("--child is for this program's own use"),
        }
        return ExitCode::SUCCESS;
    }
    let smoke = arguments("--smoke").is_some();
    let soak = arguments("--soak").map(|soak| soak[0].parse().expect("--soak takes seconds"));
    let soak = Duration::from_secs(soak.unwrap_or(if smoke { 60 } else { 600 }));
    let only = arguments("--only").unwrap_or_default();
    let only = only.iter().flat_map(|names| names.split(',')).map(str::to_owned).collect();
    let mut board = Board::new(smoke, soak, only);
    let mut failed = Vec::new();
    let (others, began) = (process::others(), Instant::now());
    for group in GROUPS {
        if board.wants(group.cases) {
            let began = Instant::now();
            println!("{}", group.cases.join(", "));
            // One that fails is no reason not to measure the others.
            if catch_unwind(AssertUnwindSafe(|| (group.run)(&mut board))).is_err() {
                failed.push(group.cases[0]);
            }
            println!("  {:.1} s\n", began.elapsed().as_secs_f64());
        }
    }
    board.print();
    if let Some((now, before)) = process::others().zip(others) {
        // A quiet machine is what numbers are to be believed of.
        let (used, took) = (now.saturating_sub(before) as f64 / 100.0, began.elapsed().as_secs_f64());
        println!("others have used {used:.0} s of the processors in {took:.0} s");
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("FAILED: {}", failed.join(", "));
    ExitCode::FAILURE
}
