//! Faults of a whole process: each runs in a process of its own, which is this test binary again with one test of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::task::{Context, Poll};

use stagekit::live::{Cancel, Reason, Subscribe, live};
use stagekit::prelude::*;
use stagekit::{Acknowledger, Events, More, Receipts, Source};

use super::live::{Listens, Owes, Watched};

/// Where the child writes to, if this is the child.
const PLACE: &str = "STAGEKIT_FAULT_PLACE";

/// Runs a test of this binary in a process of its own, and gives how it ended and what it wrote.
fn alone(test: &str) -> (ExitStatus, Vec<String>) {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
    let _ = std::fs::remove_file(&place);
    let child = Command::new(std::env::current_exe().unwrap())
        .args([&format!("faults::process::{test}"), "--exact", "--test-threads=1"])
        .env(PLACE, &place)
        .output()
        .unwrap();
    let lines = std::fs::read_to_string(&place).unwrap_or_default().lines().map(str::to_owned).collect();
    let _ = std::fs::remove_file(&place);
    (child.status, lines)
}

fn place() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

/// Written when it returns, whatever becomes of the process.
fn write(place: &Path, line: &str) {
    let mut file = std::fs::File::options().append(true).create(true).open(place).unwrap();
    writeln!(file, "{line}").unwrap();
}

struct OnDisk(PathBuf);

impl Acknowledger for OnDisk {
    fn acknowledge(&self, receipts: &[u64]) {
        receipts.iter().for_each(|receipt| write(&self.0, &format!("acknowledged {receipt}")));
    }
    fn fail(&self, receipts: &[u64]) {
        receipts.iter().for_each(|receipt| write(&self.0, &format!("failed {receipt}")));
    }
}

struct Numbers(u64, Arc<OnDisk>);

impl Source<u64> for Numbers {
    fn poll_events(&mut self, _: &mut Context<'_>, demand: Demand, out: &mut Events<u64>) -> Poll<More> {
        let numbers: Vec<u64> = (self.0..1000).take(demand.get()).collect();
        self.0 += numbers.len() as u64;
        *out = Events::with_receipts(numbers.clone(), Receipts::new(self.1.clone(), numbers));
        Poll::Ready(if self.0 == 1000 { More::Ended } else { More::Yes })
    }
}

/// With `panic = "abort"` no panic is contained: the process ends in the middle of the event. Nothing is acknowledged
/// whose last effect was not done, so that a broker delivers it again.
#[test]
fn f04_a_process_that_aborts_has_acknowledged_nothing_that_is_not_done() {
    #[allow(clippy::ptr_arg, reason = "a resource is of the type that its stage borrows")]
    #[consumer]
    async fn effects(n: u64, place: &PathBuf) {
        tokio::task::yield_now().await;
        assert!(n != 300, "the process ends here");
        write(place, &format!("effect {n}"));
    }
    let Some(place) = place() else {
        let (status, lines) = alone("f04_a_process_that_aborts_has_acknowledged_nothing_that_is_not_done");
        assert!(!status.success(), "the panic ended the process: {status}");
        let numbers = |word: &str| -> Vec<u64> {
            lines.iter().filter_map(|line| line.strip_prefix(word)?.trim().parse().ok()).collect()
        };
        let (acknowledged, effects) = (numbers("acknowledged"), numbers("effect"));
        assert_eq!(effects, (0..300).collect::<Vec<_>>());
        assert!(!acknowledged.is_empty() && acknowledged.iter().all(|n| effects.contains(n)), "{acknowledged:?}");
        assert_eq!(numbers("failed"), [], "nobody is left to say so");
        return;
    };
    // What `panic = "abort"` does: the hook is the last that runs.
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let source = stagekit::from_source(Numbers(0, Arc::new(OnDisk(place.clone()))));
        let _ = pipeline! { { source } => effects(place).max_demand(20) }.run().await;
    });
}

/// How many pages of memory this process has.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default()
}

#[test]
fn f69_a_hundred_thousand_subscriptions_leave_nothing_behind() {
    let Some(place) = place() else {
        let (status, lines) = alone("f69_a_hundred_thousand_subscriptions_leave_nothing_behind");
        assert!(status.success(), "{status}: {lines:?}");
        assert_eq!(lines, ["done"]);
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (watched, most) = Watched::counted();
        let source = live(Owes).dispatcher(watched).start().await.unwrap();
        let shared = live(Owes).start().await.unwrap();
        let end = live(Listens).start().await.unwrap();
        let metrics = tokio::runtime::Handle::current().metrics();
        let tasks = metrics.num_alive_tasks();
        let mut before = 0;
        for cycle in 0..100_000 {
            let options = || Subscribe::new().max_demand(4).cancel(Cancel::Temporary);
            let one = end.subscribe(&source.outlet(), options()).await.unwrap();
            let two = end.subscribe(&shared.outlet(), options()).await.unwrap();
            source.cast(|_, cx| cx.emit(1)).unwrap();
            shared.cast(|_, cx| cx.emit(2)).unwrap();
            two.cancel(Reason::Normal);
            one.cancel(Reason::Shutdown);
            one.cancel(Reason::Shutdown);
            if cycle == 20_000 {
                before = resident();
            }
        }
        while end.status().await.unwrap().producers > 0 {}
        for stage in [source.status().await.unwrap(), shared.status().await.unwrap()] {
            assert_eq!(stage.consumers, 0, "{stage:?}");
        }
        assert_eq!(metrics.num_alive_tasks(), tasks);
        let (given, taken) = (source.summary().events_out + shared.summary().events_out, end.summary().events_in);
        assert!(given == 200_000 && taken > 100_000, "{taken} of {given} events were taken");
        assert!(most.load(std::sync::atomic::Ordering::SeqCst) < 8, "numbers are given again: {most:?}");
        let grown = resident().saturating_sub(before);
        assert!(grown < 256, "it has grown by {grown} pages in 80 000 cycles");
        write(&place, "done");
    });
}
