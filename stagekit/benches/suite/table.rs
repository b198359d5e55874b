//! Throughput: contenders in turn, round after round, and the ratios between them.
//!
//! A ratio is the median of the ratios inside the rounds: a neighbour who wants the processor for a while disturbs all
//! contenders of a round. Another one goes first in each round. Sizes are chosen so that each run takes about `TARGET`.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::board::{Bar, Board, Line, Short};

/// How long one measurement takes.
const TARGET: Duration = Duration::from_millis(150);
/// Rounds in which all contenders are measured once.
const ROUNDS: usize = 9;

/// The runtime that a contender runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// One thread.
    Ct,
    /// Two worker threads.
    Mt,
}

impl On {
    pub(crate) fn runtime(self) -> Runtime {
        match self {
            On::Ct => Builder::new_current_thread().enable_all().build().unwrap(),
            On::Mt => Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
        }
    }

    pub(crate) fn suffix(self) -> &'static str {
        match self {
            On::Ct => "ct",
            On::Mt => "mt",
        }
    }
}

/// What a contender answers for so many events, and when.
pub(crate) type Answers = Pin<Box<dyn Future<Output = u64> + Send>>;

/// Somebody who can run the case.
#[derive(Clone, Copy)]
pub(crate) struct Contender {
    /// With the runtime's suffix, as it is asked for on the command line: `hop_ct`.
    pub(crate) name: &'static str,
    pub(crate) on: On,
    pub(crate) start: fn(u64) -> Answers,
    pub(crate) answer: fn(u64) -> u64,
}

/// The name of a contender without its runtime: `hop`.
fn bare(name: &str) -> &str {
    name.trim_end_matches("_ct").trim_end_matches("_mt")
}

/// Contenders of one table: `contenders![Ct, answer, [hop_ct => hop(n), ..]]`.
#[macro_export]
macro_rules! contenders {
    ($on:ident, $answer:expr, |$n:ident| [$($name:ident => $start:expr),* $(,)?]) => {
        [$($crate::table::Contender {
            name: stringify!($name),
            on: $crate::table::On::$on,
            start: |$n| Box::pin($start),
            answer: $answer,
        }),*]
    };
}

/// Runs a contender once, as a task of the runtime, and gives its time.
pub(crate) fn run(runtime: &Runtime, contender: &Contender, events: u64) -> Duration {
    let began = Instant::now();
    let sum = runtime.block_on(async { tokio::spawn((contender.start)(events)).await.unwrap() });
    let took = began.elapsed();
    assert_eq!(sum, (contender.answer)(events), "{} has lost count", contender.name);
    took
}

/// As many events as take a contender about `target`.
fn size(runtime: &Runtime, contender: &Contender, target: Duration) -> u64 {
    let mut events = 2_000;
    loop {
        // The best of three: a neighbour who wants the processor just now is no reason for a small size.
        let took = (0..3).map(|_| run(runtime, contender, events)).min().unwrap_or_default();
        if took * 8 > target {
            return (events as f64 * target.as_secs_f64() / took.as_secs_f64()) as u64;
        }
        events *= 4;
    }
}

/// Nanoseconds per event, for each contender in each round.
pub(crate) struct Table {
    contenders: Vec<Contender>,
    rounds: Vec<Vec<f64>>,
}

impl Table {
    /// Measures all of them. `few` is the size in smoke mode.
    pub(crate) fn measure(board: &Board, contenders: &[Contender], few: u64) -> Self {
        Table::measure_for(TARGET, board, contenders, few)
    }

    /// The same, with runs of another length.
    pub(crate) fn measure_for(target: Duration, board: &Board, contenders: &[Contender], few: u64) -> Self {
        let runtimes = [On::Ct, On::Mt].map(|on| (on, on.runtime()));
        let runtime = |contender: &Contender| &runtimes[usize::from(contender.on == On::Mt)].1;
        let size = |contender: &Contender| if board.smoke { few } else { size(runtime(contender), contender, target) };
        let sizes: Vec<u64> = contenders.iter().map(size).collect();
        let rounds = if board.smoke { 1 } else { ROUNDS };
        let once = |round: usize| {
            let mut times = vec![0.0; contenders.len()];
            for at in 0..contenders.len() {
                // Another one goes first in each round.
                let at = (at + round) % contenders.len();
                let took = run(runtime(&contenders[at]), &contenders[at], sizes[at]);
                times[at] = took.as_nanos() as f64 / sizes[at] as f64;
            }
            times
        };
        let table = Table { contenders: contenders.to_vec(), rounds: (0..rounds).map(once).collect() };
        for (Contender { name, .. }, events) in contenders.iter().zip(sizes) {
            let times = sorted(table.column(name));
            let (least, most) = (times[0], times[times.len() - 1]);
            let middle = median(times);
            println!("  {name:>22}  {middle:10.4} ns/event  {least:.4}..{most:.4}  {rounds} rounds of {events} events");
        }
        table
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let at = self.contenders.iter().position(|contender| contender.name == name);
        let at = at.unwrap_or_else(|| panic!("no contender is named {name}"));
        self.rounds.iter().map(|times| times[at]).collect()
    }

    /// The nanoseconds of a contender for an event.
    pub(crate) fn nanoseconds(&self, name: &str) -> f64 {
        median(self.column(name))
    }

    /// The median over the rounds of `ours / rival`.
    pub(crate) fn ratio(&self, ours: &str, rival: &str) -> f64 {
        ratio(&self.column(ours), &self.column(rival))
    }

    /// The line of a case: our time, and how it compares with that of each rival.
    pub(crate) fn report(&self, board: &mut Board, ours: &str, rivals: &[(&str, Option<Bar>)]) {
        self.report_as(board, ours, ours, rivals);
    }

    /// The same, of a case with another name than the contender.
    pub(crate) fn report_as(&self, board: &mut Board, case: &str, ours: &str, rivals: &[(&str, Option<Bar>)]) {
        let mut line = board.case(case).value("ns_per_event", self.nanoseconds(ours));
        for &(rival, bar) in rivals {
            line = self.versus(line, ours, rival, bar);
        }
        line.print();
    }

    fn versus<'a>(&self, line: Line<'a>, ours: &str, rival: &str, bar: Option<Bar>) -> Line<'a> {
        let both = (nanoseconds(self.nanoseconds(ours)), nanoseconds(self.nanoseconds(rival)));
        line.measured(&format!("vs_{}", bare(rival)), self.ratio(ours, rival), both, bar)
    }
}

/// As it stands in the table.
pub(crate) fn nanoseconds(value: f64) -> String {
    format!("{} ns", Short(value))
}

/// The median of the ratios inside the rounds.
pub(crate) fn ratio(ours: &[f64], rival: &[f64]) -> f64 {
    median(ours.iter().zip(rival).map(|(ours, rival)| ours / rival).collect())
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

pub(crate) fn median(values: Vec<f64>) -> f64 {
    let sorted = sorted(values);
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}
