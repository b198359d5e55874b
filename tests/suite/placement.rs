//! Which stages share a task, what sends a stage home to its own, and that nothing is lost on the way.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stagekit::builder::{close, link, link_last, runnable, start, value};
use stagekit::live::{Reason, Subscribe};
use stagekit::prelude::*;
use stagekit::test::{TestConsumer, TestProducer, quiet};
use tokio::task::Id;

use crate::conservation::{Item, Ledger};
use crate::items::{LONG, MS, finish, finish_later, pass, until};
use crate::{Seen, double, note, numbers, sum};

/// The tasks that a stage has run in, one after the other.
#[derive(Clone, Debug, Default)]
struct Tasks(Arc<Mutex<Vec<Id>>>);

impl Tasks {
    fn here(&self) {
        let (mut all, id) = (self.0.lock().unwrap(), tokio::task::id());
        if all.last() != Some(&id) {
            all.push(id);
        }
    }
    fn all(&self) -> Vec<Id> {
        self.0.lock().unwrap().clone()
    }
    /// The only one.
    fn one(&self) -> Id {
        let all = self.all();
        assert_eq!(all.len(), 1, "it has run in one task only: {all:?}");
        all[0]
    }
    /// The numbers from 0 on, of a producer that runs in these tasks.
    fn numbers(&self, n: u64) -> impl Iterator<Item = u64> + Send + use<> {
        let tasks = self.clone();
        (0..n).inspect(move |_| tasks.here())
    }
}

#[producer_consumer]
fn here(n: u64, tasks: &Tasks) -> u64 {
    tasks.here();
    n
}

#[producer_consumer]
async fn here_later(n: u64, tasks: &Tasks) -> u64 {
    tasks.here();
    tokio::task::yield_now().await;
    n
}

#[producer_consumer(batch(10, Duration::from_millis(1)))]
fn here_by_ten(all: Vec<u64>, tasks: &Tasks) -> Vec<u64> {
    tasks.here();
    all
}

#[consumer]
fn end_here(_n: u64, tasks: &Tasks) {
    tasks.here();
}

fn tasks<const N: usize>() -> [Tasks; N] {
    std::array::from_fn(|_| Tasks::default())
}

fn different(ids: &[Id]) {
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "in tasks of their own: {ids:?}");
}

#[tokio::test]
async fn light_stages_in_a_row_run_in_one_task() {
    let _exact = stagekit::test::exact();
    // Short batches: without optimisation two thousand events are heavy.
    let [s, a, b, c] = tasks();
    pipeline! { { from_iter(s.numbers(5000)) } => here(a.clone()).name("a").max_demand(50) -> |n| n + 1 => here(b.clone()).name("b").max_demand(50) => end_here(c.clone()).max_demand(50) }
        .run()
        .await
        .unwrap();
    let one = s.one();
    assert_eq!([a.one(), b.one(), c.one()], [one; 3]);
    // Behind a stage that waits a line begins anew.
    let [s, a, b, c] = tasks();
    pipeline! { { from_iter(s.numbers(500)) } => here_later(a.clone()) => here(b.clone()).name("b").max_demand(50) => end_here(c.clone()).max_demand(50) }
        .run()
        .await
        .unwrap();
    different(&[s.one(), a.one(), b.one()]);
    assert_eq!(b.one(), c.one());
}

#[tokio::test]
async fn a_stage_with_its_own_task_shares_it_with_nobody() {
    let _exact = stagekit::test::exact();
    let [s, a, b, c, d] = tasks();
    pipeline! { { from_iter(s.numbers(500)) } => here(a.clone()).name("a").max_demand(50) => here(b.clone()).name("b").max_demand(50).own_task() => here(c.clone()).name("c").max_demand(50) => end_here(d.clone()).max_demand(50) }
        .run()
        .await
        .unwrap();
    different(&[s.one(), b.one(), c.one()]);
    assert_eq!((a.one(), d.one()), (s.one(), c.one()));
    let [s, a] = tasks();
    pipeline! { { from_iter(s.numbers(500)) }.own_task() => end_here(a.clone()).max_demand(50) }.run().await.unwrap();
    different(&[s.one(), a.one()]);
}

#[tokio::test]
async fn stages_that_are_more_than_a_call_have_tasks_of_their_own() {
    let _exact = stagekit::test::exact();
    let [s, a, b] = tasks();
    pipeline! { { from_iter(s.numbers(50)) } => here_later(a.clone()) => end_here(b.clone()) }.run().await.unwrap();
    different(&[s.one(), a.one(), b.one()]);

    let [s, a] = tasks();
    pipeline! { { from_iter(s.numbers(50)) } => here_later(a.clone()).concurrency(4) => _ }.run().await.unwrap();
    assert!(!a.all().contains(&s.one()), "concurrency");

    let [s, a, b] = tasks();
    pipeline! { { from_iter(s.numbers(50)) } => here(a.clone()).blocking() => end_here(b.clone()) }
        .run()
        .await
        .unwrap();
    assert!(!a.all().contains(&s.one()) && !a.all().contains(&b.one()) && b.one() != s.one(), "blocking");

    let [s, a, b] = tasks();
    pipeline! { { from_iter(s.numbers(50)) } => here_by_ten(a.clone()) => end_here(b.clone()) }.run().await.unwrap();
    different(&[s.one(), a.one(), b.one()]);

    let [s, a, b] = tasks();
    pipeline! { { from_iter(s.numbers(500)) } => here(a.clone()).workers(3) => end_here(b.clone()) }
        .run()
        .await
        .unwrap();
    let workers: BTreeSet<Id> = a.all().into_iter().collect();
    assert!(workers.len() == 3 && !workers.contains(&s.one()) && !workers.contains(&b.one()), "workers");

    let [s, a, b] = tasks();
    pipeline! { { from_iter(s.numbers(50)) } => [end_here(a.clone()).name("a"), end_here(b.clone()).name("b")] }
        .run()
        .await
        .unwrap();
    different(&[s.one(), a.one(), b.one()]);

    let [s, t, a] = tasks();
    pipeline! { [{ from_iter(s.numbers(50)) }, { from_iter(t.numbers(50)) }] => end_here(a.clone()) }
        .run()
        .await
        .unwrap();
    different(&[s.one(), t.one(), a.one()]);

    let [s, a, b] = tasks();
    pipeline! { { from_iter(s.numbers(50)) } => by |n| n % 2 [end_here(a.clone()).name("a"), end_here(b.clone()).name("b")] }
        .run()
        .await
        .unwrap();
    different(&[s.one(), a.one(), b.one()]);
}

/// Spins for a while over each event from the thousandth on.
#[producer_consumer]
fn heavy_later(n: u64, tasks: &Tasks) -> u64 {
    tasks.here();
    let began = Instant::now();
    while n >= 1000 && began.elapsed() < MS / 10 {}
    n
}

#[tokio::test]
async fn a_stage_that_becomes_heavy_goes_home_and_loses_nothing() {
    let _exact = stagekit::test::exact();
    let ([a, b], seen) = (tasks(), Seen::default());
    let summary = pipeline! { numbers(0..6000) => heavy_later(a.clone()).name("a") => heavy_later(b.clone()).name("b") => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    assert!(seen.all().into_iter().eq(0..6000), "each once, in order");
    assert_eq!(summary.stage("b").unwrap().events_out, 6000);
    // The one before it may have gone home as well, from a producer that took its time.
    let (a, b) = (a.all(), b.all());
    assert_eq!(a[0], b[0], "they begin in one task");
    assert!(a.last() != b.last() && b.len() == 2, "b has gone home: {a:?} {b:?}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_at_run_time_sends_the_guest_home() {
    let _exact = stagekit::test::exact();
    let ([a, b], seen) = (tasks(), Seen::default());
    let (mut input, mut output) = (TestProducer::<u64>::new(), TestConsumer::<u64>::new());
    let running = pipeline! {
        { input.node() } => here(a.clone()).name("a").max_demand(10) => here(b.clone()).name("b").max_demand(10) => note::<_>(seen.clone())
    }
    .spawn();
    input.listen().await;
    input.send(0..10).await;
    quiet().await;
    assert_eq!((seen.len(), b.one()), (10, a.one()), "one task so far");
    let outlet = running.handle().outlet::<u64>("a").unwrap();
    output.subscribe(&outlet, Subscribe::new()).await.unwrap();
    output.ask(20).await;
    input.listen().await;
    let mut elsewhere = Vec::new();
    for turn in 1..5 {
        input.send(turn * 10..turn * 10 + 10).await;
        quiet().await;
        input.listen().await;
        output.ask_now(5);
    }
    input.end(Reason::Normal);
    while let Ok(batch) = output.next_batch().await {
        elsewhere.extend(batch);
        output.ask_now(5);
    }
    running.await.unwrap();
    let here = seen.all();
    assert!(here.is_sorted() && elsewhere.is_sorted(), "{here:?} {elsewhere:?}");
    let mut all = [here.clone(), elsewhere.clone()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..50).collect::<Vec<_>>());
    assert!(here.len() > 10 && !elsewhere.is_empty(), "both get their share: {here:?} {elsewhere:?}");
    assert!(b.all().len() == 2 && b.all()[0] == a.one() && b.all()[1] != a.one(), "{b:?}");
}

#[producer_consumer]
fn breaks(item: Item) -> Item {
    if item.id == 500 {
        item.fails();
        panic!("five hundred");
    }
    item
}

/// The last of each hundred fails.
#[producer_consumer]
fn refuses(item: Item) -> Result<Item, String> {
    if item.id % 100 == 99 {
        item.fails();
        return Err("ninety-nine".into());
    }
    Ok(item)
}

#[producer_consumer]
fn gives_back(item: Item) -> Result<Item, Item> {
    if item.id % 10 == 9 { Err(item) } else { Ok(item) }
}

#[consumer]
fn bury(item: Item) {
    item.dead();
}

/// Counts up to three hundred, and begins again from nought.
#[producer_consumer]
fn forgets(item: Item, count: &mut u64) -> Item {
    *count += 1;
    assert!(*count <= 300, "its state was not forgotten");
    if *count == 300 {
        item.fails();
        panic!("again");
    }
    item
}

/// Whatever becomes of one event, the others fare as they would if each stage had a task of its own.
#[tokio::test]
async fn a_guest_that_fails_does_as_it_would_in_its_own_task() {
    /// How many are handled, fail, and are dead letters; none where it stops.
    type Kind = (&'static str, Option<[usize; 3]>, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 10] = [
        ("panics", None, |l| pipeline! { { l.queue(1000) } => pass => breaks => finish }),
        ("fails", None, |l| pipeline! { { l.queue(1000) } => pass => refuses => finish }),
        ("panics, loop", None, |l| pipeline! { { from_iter(l.items(1000)) } => pass => breaks => finish }),
        ("fails at the end", None, |l| pipeline! { { l.queue(1000) } => pass => pass.name("b") -> refuses => finish }),
        ("skips a panic", Some([999, 1, 0]), |l| {
            pipeline! { { l.queue(1000) } => pass => breaks.on_panic(skip()) => finish }
        }),
        ("skips errors", Some([990, 10, 0]), |l| {
            pipeline! { { l.queue(1000) } => pass => refuses.on_error(skip()) => finish }
        }),
        ("else", Some([900, 0, 100]), |l| {
            pipeline! { { l.queue(1000) } => pass => gives_back else bury => pass.name("b") => finish }
        }),
        ("else, loop", Some([900, 0, 100]), |l| {
            pipeline! { { from_iter(l.items(1000)) } => gives_back else bury => pass => finish }
        }),
        ("restarts", Some([997, 3, 0]), |l| {
            pipeline! { { l.queue(1000) } => pass => forgets(0).restart(Restart::new(9, LONG)) => finish }
        }),
        ("restarts too often", None, |l| {
            pipeline! { { l.queue(1000) } => pass => forgets(0).restart(Restart::new(1, LONG)) => finish }
        }),
    ];
    for (kind, ends, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let result = pipeline(&ledger).run().await;
        ledger.check_result(&result).await;
        assert_eq!(result.is_ok(), ends.is_some(), "{kind}: {result:?}");
        if let Some(ends) = ends {
            let fates = [ledger.handled(), ledger.failed().len(), ledger.dead_letters().len()];
            assert_eq!(fates, ends, "{kind}");
        }
    }
}

/// What a stage keeps is dropped in its own task: its panic there is not its host's.
#[tokio::test]
async fn a_state_that_panics_as_it_is_dropped_fails_its_own_stage() {
    struct Sore;
    impl Drop for Sore {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "sore");
        }
    }
    #[producer_consumer]
    fn keeps(n: u64, _sore: &mut Sore, breaks: &bool) -> Result<u64, String> {
        if *breaks && n == 700 { Err("seven hundred".into()) } else { Ok(n) }
    }
    for breaks in [false, true] {
        let seen = Seen::default();
        let error =
            pipeline! { numbers(0..1000) => double.name("a") => keeps(Sore, breaks) => note::<_>(seen.clone()) }
                .run()
                .await
                .unwrap_err();
        assert_eq!(error.stage(), Some("keeps"), "breaks: {breaks}, {error}");
        assert!(error.is_panic(), "{error}");
        assert_eq!(seen.len(), if breaks { 350 } else { 1000 });
    }
}

#[tokio::test]
async fn drained_and_aborted_guests_lose_nothing_uncounted() {
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 5] = [
        ("light", |l| pipeline! { { l.queue(u64::MAX) } => pass => pass.name("b") => finish }),
        ("loop", |l| pipeline! { { from_iter(l.items(u64::MAX)) } => pass => pass.name("b") => finish }),
        ("before one that waits", |l| {
            pipeline! { { l.queue(u64::MAX) } => pass => pass.name("b") => finish_later.max_demand(7) }
        }),
        (
            "behind one that waits",
            |l| pipeline! { { l.queue(u64::MAX) }.own_task() => pass.max_demand(9) => finish_later },
        ),
        ("many to one", |l| {
            pipeline! { { l.queue(u64::MAX) } => pass.max_demand(50) => pass.name("b").max_demand(3) => finish.max_demand(20) }
        }),
    ];
    for (kind, pipeline) in kinds {
        for drains in [true, false] {
            eprintln!("{kind}, drains: {drains}");
            let ledger = Ledger::new();
            let running = pipeline(&ledger).spawn();
            until(|| ledger.handled() > 100).await;
            if drains {
                let summary = running.drain(LONG).await.unwrap();
                ledger.check(&summary).await;
                assert_eq!(ledger.made(), ledger.handled() as u64, "l12, {kind}: {summary}");
            } else {
                let error = running.abort(LONG).await;
                ledger.check(error.summary()).await;
            }
        }
    }
}

/// The demand of a consumer that waits holds back the producer, through stages that share its task. Besides what it has
/// asked for, a stage has at most the rest of one batch, which it began for a demand of one event (R35).
#[tokio::test(start_paused = true)]
async fn a_slow_consumer_holds_back_the_host_of_its_producer() {
    #[consumer]
    async fn finish_slowly(item: Item) {
        tokio::time::sleep(MS).await;
        item.done();
    }
    type Kind = (&'static str, i64, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 3] = [
        ("explicit", (10 + 9) + (8 + 7) + 3, |l| {
            pipeline! { { l.queue(1000) } => pass.max_demand(10) => pass.name("b").max_demand(8) => finish_slowly.max_demand(3) }
        }),
        ("loop", (10 + 9) + 3, |l| {
            pipeline! { { from_iter(l.items(1000)) } => pass.max_demand(10) => finish_slowly.max_demand(3) }
        }),
        ("one by one", 1 + 1 + 1, |l| {
            pipeline! { { l.queue(1000) } => pass.max_demand(1) => pass.name("b").max_demand(1) => finish_slowly.max_demand(1) }
        }),
    ];
    for (kind, most, pipeline) in kinds {
        let ledger = Ledger::new();
        let summary = pipeline(&ledger).run().await.unwrap();
        ledger.check(&summary).await;
        assert_eq!(ledger.handled(), 1000, "{kind}");
        assert!(ledger.most_alive() <= most, "l02, {kind}: {} at once, and {most} may be", ledger.most_alive());
    }
}

/// A line of so many stages, each the guest of the one before it.
async fn long_line(stages: u64) {
    let (seen, events) = (Seen::default(), 5000);
    let first = start(value(from_iter(0..events)));
    let mut all = Vec::new();
    let second = link(&first.port(), <double>::__stage().name("0"));
    let mut port = second.port();
    all.extend([close(first), close(second)]);
    for n in 1..stages {
        // So that no number grows too large.
        let next = link(&port, <halve>::__stage().name(format!("{n}")));
        let again = link(&next.port(), <double>::__stage().name(format!("{n} again")));
        port = again.port();
        all.extend([close(next), close(again)]);
    }
    all.push(close(link_last(&port, <note<u64>>::__stage(seen.clone()))));
    runnable(all).run().await.unwrap();
    assert!(seen.all().into_iter().eq((0..events).map(|n| n * 2)));
}

#[producer_consumer]
fn halve(n: u64) -> u64 {
    n / 2
}

#[test]
fn a_line_of_sixty_tiny_stages_fits_a_threads_stack() {
    // As large as those of tokio's workers, or a test's.
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(long_line(30));
    });
    thread.unwrap().join().unwrap();
}

/// Each worker holds its first event until all four have one: none of them was given what another could begin with.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn heavy_events_are_shared_from_the_first_on() {
    let _exact = stagekit::test::exact();
    #[consumer]
    fn meets(_n: u64, present: &Mutex<BTreeSet<Id>>, met: &Seen<bool>, began: Instant) {
        present.lock().unwrap().insert(tokio::task::id());
        let all = || present.lock().unwrap().len() == 4;
        while !all() && began.elapsed() < 5000 * MS {
            std::thread::yield_now();
        }
        met.push(all());
    }
    let (present, met) = (Arc::<Mutex<BTreeSet<Id>>>::default(), Seen::default());
    pipeline! { numbers(0..40) => meets(present.clone(), met.clone(), Instant::now()).workers(4) }.run().await.unwrap();
    assert_eq!(met.all(), [true; 40]);
}

#[tokio::test]
async fn light_events_come_in_large_batches() {
    let _exact = stagekit::test::exact();
    #[producer]
    fn asked(wanted: Demand, left: &mut u64, asks: &Seen<usize>) -> Option<Vec<u64>> {
        asks.push(wanted.get());
        let n = (*left).min(wanted.get() as u64);
        *left -= n;
        (n > 0).then(|| (0..n).collect())
    }
    for own in [false, true] {
        let asks = Seen::default();
        let pipeline = if own {
            pipeline! { asked(100_000, asks.clone()) => sum(0).own_task() }
        } else {
            pipeline! { asked(100_000, asks.clone()) => sum(0) }
        };
        pipeline.run().await.unwrap();
        let asks = asks.all();
        assert!(asks[0] <= 8, "it begins with a few: {asks:?}");
        assert!(asks.iter().any(|&n| n >= 512), "own: {own}, {asks:?}");
        assert!(asks.iter().all(|&n| n <= 4096), "32 KiB of each batch: {asks:?}");
    }
}

/// A producer that is called with its demand hears of all of it at once, where its consumer is its guest.
#[tokio::test]
async fn a_guest_is_given_what_its_host_makes_for_all_its_demand() {
    let _exact = stagekit::test::exact();
    #[producer]
    fn asked(wanted: Demand, next: &mut u64, asks: &Seen<usize>) -> Option<Vec<u64>> {
        asks.push(wanted.get());
        let from = *next;
        *next = (from + wanted.get() as u64).min(25);
        (from < 25).then(|| (from..*next).collect())
    }
    let (asks, seen) = (Seen::default(), Seen::default());
    pipeline! { asked(0, asks.clone()) => note::<_>(seen.clone()).max_demand(10).min_demand(5) }.run().await.unwrap();
    assert_eq!(seen.all(), (0..25).collect::<Vec<_>>());
    assert_eq!(asks.all()[..3], [10, 10, 10]);
}
