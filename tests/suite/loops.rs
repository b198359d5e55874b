//! Loops: `=> feedback(n) name`. Whatever goes round, and however it ends, nothing is lost and nothing is left.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stagekit::builder as b;
use stagekit::memory::queue;
use stagekit::prelude::*;

use crate::conservation::{Item, Ledger};
use crate::{Seen, note, numbers};

const LONG: Duration = Duration::from_secs(3600);

/// On one thread (where a pipeline that hangs is seen at once, by the still clock), on several, and shuffled.
pub(crate) fn every_way(test: impl AsyncFn()) {
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let limited = async || tokio::time::timeout(100 * LONG, test()).await.expect("it does not end");
    one().block_on(limited());
    for seed in 0..12 {
        let _shuffled = stagekit::test::fuzz(seed);
        one().block_on(limited());
    }
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    for _ in 0..5 {
        let limited = async || tokio::time::timeout(Duration::from_secs(60), test()).await.expect("it does not end");
        many.block_on(limited());
    }
}

/// An event with so many rounds before it.
#[derive(Clone, Debug)]
struct Lap {
    item: Item,
    left: u64,
}

#[producer_consumer]
fn enter(item: Item) -> Lap {
    let left = item.id % 5;
    Lap { item, left }
}

/// Out, or round again.
#[producer_consumer]
fn step(lap: Lap, ledger: &Ledger) -> Result<Item, Lap> {
    if lap.left == 0 {
        return Ok(lap.item);
    }
    ledger.fails();
    Err(Lap { left: lap.left - 1, ..lap })
}

#[producer_consumer]
async fn step_later(lap: Lap, ledger: &Ledger) -> Result<Item, Lap> {
    tokio::task::yield_now().await;
    step(lap, ledger)
}

#[producer_consumer]
fn fix(lap: Lap) -> Lap {
    lap
}

#[producer_consumer]
async fn fix_later(lap: Lap) -> Lap {
    tokio::task::yield_now().await;
    lap
}

#[producer_consumer]
fn round(lap: Lap) -> Lap {
    Lap { left: lap.left.saturating_sub(1), ..lap }
}

#[producer_consumer(batch(4, LONG))]
fn by_fours(laps: Vec<Lap>) -> Vec<Lap> {
    laps
}

#[consumer]
fn finish(item: Item) {
    item.done();
}

#[consumer]
async fn finish_later(item: Item) {
    tokio::task::yield_now().await;
    item.done();
}

#[test]
fn errors_go_back_to_their_stage() {
    every_way(async || {
        let ledger = Ledger::new();
        // One at a time, and no more: a loop of single events cannot overflow.
        let step = pipeline! {
            let step = step(ledger.clone()) else feedback(1) step;
            { ledger.queue(60) } => enter => step => finish
        };
        ledger.check_unordered(&step.run().await.unwrap()).await;
    });
}

#[test]
fn a_retry_loop_goes_through_another_stage() {
    every_way(async || {
        for room in [1, 3, 64] {
            let ledger = Ledger::new();
            let finished = pipeline! {
                let step = step_later(ledger.clone()).concurrency(4) else fixed;
                let fixed = fix_later.workers(3);
                { ledger.queue(60) } => enter => step => finish_later;
                fixed => feedback(room) step
            };
            ledger.check_unordered(&finished.run().await.unwrap()).await;
        }
    });
}

#[test]
fn a_broadcast_in_a_loop() {
    every_way(async || {
        let ledger = Ledger::new();
        let summary = pipeline! {
            let round = round;
            { ledger.queue(50) } => enter => round => [
                filter |lap: &Lap| lap.left > 0 => feedback(6) round,
                filter |lap: &Lap| lap.left == 0 => |lap: Lap| lap.item => finish_later,
            ]
        };
        ledger.check_unordered(&summary.run().await.unwrap()).await;
    });
    every_way(async || {
        // The copies that go back are dropped where they come in.
        let ledger = Ledger::new();
        let summary = pipeline! {
            let first = flat_map |lap: Lap| (lap.left > 0).then_some(lap);
            { ledger.queue(40) } => |item: Item| Lap { item, left: 1 } => first
                => |lap: Lap| Lap { left: 0, ..lap } => [feedback(3) first, |lap: Lap| lap.item => finish]
        };
        ledger.check_unordered(&summary.run().await.unwrap()).await;
    });
}

#[test]
fn a_batch_that_is_not_full_does_not_hold_up_the_end() {
    every_way(async || {
        // In the loop: what is left in the end is less than a batch, and `every` is long.
        let ledger = Ledger::new();
        let began = tokio::time::Instant::now();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [by_fours => fix => feedback(8) step];
            { ledger.queue(50) } => enter => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        // Behind it: the batch is filled by what has left the loop, and flushed when the loop has ended.
        let ledger = Ledger::new();
        #[consumer(batch(64, Duration::MAX))]
        fn all(items: Vec<Item>) {
            items.iter().for_each(Item::done);
        }
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else feedback(2) step;
            { ledger.queue(50) } => enter => step => all
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        assert!(began.elapsed() < LONG);
    });
}

#[test]
fn two_batches_share_what_goes_round() {
    every_way(async || {
        // Each holds some, neither is full, and the source waits for room: they are handled as they are.
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else any [by_fours => again, by_fours.name("other") => again];
            let again = fix;
            { ledger.queue(50) } => enter => step => finish;
            again => feedback(5) step
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

/// Odd ones go back along the inner loop.
#[producer_consumer]
fn inner(lap: Lap, ledger: &Ledger) -> Result<Lap, Lap> {
    if lap.left.is_multiple_of(2) {
        return Ok(lap);
    }
    ledger.fails();
    Err(Lap { left: lap.left - 1, ..lap })
}

#[test]
fn loops_in_loops_and_loops_that_share_a_stage() {
    every_way(async || {
        let ledger = Ledger::new();
        let nested = pipeline! {
            let first = fix;
            let inner = inner(ledger.clone()) else feedback(4) inner;
            let outer = step_later(ledger.clone()) else feedback(6) first;
            { ledger.queue(50) } => enter => first => inner => outer => finish;
        };
        ledger.check_unordered(&nested.run().await.unwrap()).await;
        let ledger = Ledger::new();
        let sharing = pipeline! {
            let inner = inner(ledger.clone()) else feedback(2) inner;
            let outer = step(ledger.clone()) else feedback(5) inner;
            { ledger.queue(50) } => enter => inner => outer => finish;
        };
        ledger.check_unordered(&sharing.run().await.unwrap()).await;
    });
}

#[test]
fn one_loop_behind_another() {
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let first = step(ledger.clone()) else feedback(4) first;
            let second = step_later(ledger.clone()) else feedback(4) second;
            { ledger.queue(50) } => enter => first => enter.name("again") => second => finish;
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

#[test]
fn several_paths_lead_into_a_loop() {
    every_way(async || {
        let ledger = Ledger::new();
        let items: Vec<Item> = ledger.items(60).collect();
        let (mut one, mut two) = (Vec::new(), Vec::new());
        items.into_iter().for_each(|item| if item.id % 3 == 0 { one.push(item) } else { two.push(item) });
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else fixed;
            let fixed = fix_later;
            // One enters at the head of the loop, the other in the middle.
            { from_iter(one) } => enter => step => finish;
            { from_iter(two) }.name("two") => enter.name("enter two") => fixed => feedback(3) step
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

#[test]
fn fused_runs_and_iterators_in_a_loop() {
    #[producer_consumer]
    fn halves(lap: Lap) -> impl Iterator<Item = Lap> {
        std::iter::once(lap)
    }
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [fix -> halves -> |lap: Lap| lap => halves.name("more") => feedback(4) step];
            { ledger.queue(50) } => enter -> |lap| lap => step => |item: Item| item => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        // Blocking ones, too.
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()).blocking() else [by_fours.blocking() => feedback(7) step];
            { ledger.queue(30) } => enter => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

/// Each event makes two of the next generation, until the last.
#[producer_consumer]
fn grow(n: u64) -> Vec<u64> {
    vec![n - 1; 2]
}

#[producer_consumer]
fn leaf(n: u64) -> Result<u64, u64> {
    if n == 0 { Ok(n) } else { Err(n) }
}

#[test]
fn what_grows_overflows_as_it_was_declared() {
    let tree = |room: usize, policy: Overflow, seen: &Seen<u64>| {
        let (events, receipts) = queue([6u64, 6, 6]);
        let pipeline = pipeline! {
            let grow = grow;
            let leaf = leaf else feedback(room, policy) grow.max_demand(1);
            { events } => grow => leaf => note::<u64>(seen.clone())
        };
        (pipeline.spawn(), receipts)
    };
    every_way(async || {
        let seen = Seen::default();
        let (running, receipts) = tree(200, Overflow::Fail, &seen);
        running.await.unwrap();
        assert_eq!(seen.len(), 3 * 64);
        assert_eq!((receipts.acknowledged(), receipts.failed()), (vec![0, 1, 2], vec![]));

        for policy in [Overflow::DropOldest, Overflow::DropNewest] {
            let seen = Seen::default();
            let (running, receipts) = tree(2, policy, &seen);
            let summary = running.await.unwrap().clone();
            assert!(receipts.is_settled());
            let place = summary.stage("feedback grow").unwrap();
            assert!(place.discarded > 0 && seen.len() < 3 * 64, "{summary}");
            assert!(!receipts.failed().is_empty());
            // Everything that came back was taken from it, or dropped by it.
            let grow = summary.stage("grow").unwrap();
            assert_eq!(grow.events_in, 3 + place.events_in - place.discarded, "{summary}");
        }

        let (running, receipts) = tree(2, Overflow::Fail, &Seen::default());
        let error = running.await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "stage `feedback grow`: more events come back to `grow` than its loop has room for: write `feedback(4) grow` \
             for more room, `feedback(2, drop_oldest) grow` to drop what is too much, or let fewer events come of one"
        );
        assert!(receipts.is_settled() && !receipts.failed().is_empty());
    });
}

#[test]
fn what_fails_in_a_loop_leaves_it() {
    #[producer_consumer]
    async fn fragile(lap: Lap) -> Result<Lap, String> {
        tokio::task::yield_now().await;
        match lap.item.id {
            id if id % 7 == 1 && lap.left == 0 => {
                lap.item.fails();
                panic!("number {id}")
            }
            id if id % 7 == 2 && lap.left == 0 => {
                lap.item.fails();
                Err(format!("number {id}"))
            }
            _ => Ok(lap),
        }
    }
    #[producer_consumer]
    fn thin_out(lap: Lap) -> Option<Lap> {
        if lap.item.id % 11 == 10 {
            lap.item.filtered();
            return None;
        }
        Some(lap)
    }
    std::panic::set_hook(Box::new(|_| {}));
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [thin_out => feedback(3) step];
            { ledger.queue(70) } => enter
                => fragile.on_error(skip()).on_panic(skip()) => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else back;
            let back = fragile.on_error(skip()).on_panic(skip()).concurrency(3);
            { ledger.queue(70) } => enter => step => finish;
            back => feedback(5) step
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
    let _ = std::panic::take_hook();
}

#[test]
fn a_retry_in_a_loop() {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    #[producer_consumer]
    fn at_times(lap: &Lap) -> Result<Lap, String> {
        if TIMES.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) { Err("not now".into()) } else { Ok(lap.clone()) }
    }
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [at_times.on_error(retry(9, Duration::from_micros(1))) => feedback(2) step];
            { ledger.queue(20) } => enter => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

/// Endless, until it is told to stop.
#[producer]
async fn endless(out: Emitter<Item>, ledger: &Ledger) {
    for item in ledger.items(u64::MAX) {
        if out.emit(item).await.is_err() {
            return;
        }
    }
}

#[test]
fn a_drain_empties_the_loop() {
    every_way(async || {
        let ledger = Ledger::new();
        ledger.may_hold(1);
        let running = pipeline! {
            let step = step_later(ledger.clone()) else [by_fours => feedback(8) step];
            endless(ledger.clone()) => enter => step => finish_later
        }
        .spawn();
        while ledger.handled() < 30 {
            tokio::task::yield_now().await;
        }
        let summary = running.drain(LONG).await.unwrap();
        ledger.check_unordered(&summary).await;
    });
}

#[test]
fn an_abort_and_a_failure_leave_nothing_behind() {
    #[producer_consumer]
    fn gives_up(lap: Lap, after: u64) -> Result<Lap, String> {
        if lap.item.id < after {
            return Ok(lap);
        }
        lap.item.fails();
        Err("enough".into())
    }
    every_way(async || {
        let ledger = Ledger::new();
        ledger.may_hold(1);
        let running = pipeline! {
            let step = step_later(ledger.clone()) else [fix_later => feedback(8) step];
            endless(ledger.clone()) => enter => step => finish_later
        }
        .spawn();
        while ledger.handled() < 30 {
            tokio::task::yield_now().await;
        }
        let error = running.abort(LONG).await;
        ledger.check_unordered(error.summary()).await;

        // At the head, on the way back, and behind the loop.
        for at in 0..3 {
            let ledger = Ledger::new();
            let limit = |here| if at == here { 20 } else { u64::MAX };
            let pipeline = pipeline! {
                let first = gives_up(limit(0));
                let step = step(ledger.clone()) else [gives_up(limit(1)).name("back") => feedback(4) first];
                { ledger.queue(200) } => enter => first => step
                    => |item: Item| Lap { item, left: 0 } => gives_up(limit(2)).name("out")
                    => |lap: Lap| lap.item.done()
            };
            let error = pipeline.run().await.map(drop).unwrap_err();
            assert!(error.is_failure(), "{at}: {error}");
            ledger.check_unordered(error.summary()).await;
        }
    });
}

#[test]
fn open_pipelines_and_segments_have_loops() {
    use futures::{SinkExt, StreamExt};

    fn halved() -> Segment<u64, u64> {
        pipeline! { let halve = try_halve else feedback(4) halve; .. => halve => .. }
    }
    #[producer_consumer]
    fn try_halve(n: u64) -> Result<u64, u64> {
        if n % 2 == 1 { Ok(n) } else { Err(n / 2) }
    }
    every_way(async || {
        let seen = Seen::default();
        pipeline! { numbers(1..9) => { halved() } => note::<u64>(seen.clone()) }.run().await.unwrap();
        assert_eq!(seen.sorted(), [1, 1, 1, 1, 3, 3, 5, 7]);

        let mut out: Output<u64> =
            pipeline! { let halve = try_halve else feedback(4) halve; numbers(1..9) => halve => .. };
        let mut got = Vec::new();
        while let Some(n) = out.next().await {
            got.push(n.unwrap());
        }
        got.sort();
        assert_eq!(got, [1, 1, 1, 1, 3, 3, 5, 7]);
        // Its reader leaves: the pipeline ends.
        let mut out: Output<u64> =
            pipeline! { let halve = try_halve else feedback(4) halve; numbers(1..1000) => halve => .. };
        out.next().await.unwrap().unwrap();
        let handle = out.handle().unwrap();
        drop(out);
        handle.finished().await;

        let seen = Seen::default();
        let mut input =
            pipeline! { let halve = try_halve else feedback(4) halve; .. => halve => note::<u64>(seen.clone()) };
        for n in 1..9u64 {
            input.send(n).await.unwrap();
        }
        input.finish().await.unwrap();
        assert_eq!(seen.sorted(), [1, 1, 1, 1, 3, 3, 5, 7]);
    });
}

#[test]
fn new_events_wait_until_the_loop_has_room() {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    #[producer_consumer]
    fn count_in(lap: Lap) -> Lap {
        if lap.left == 4 {
            MOST.fetch_max(INSIDE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        }
        lap
    }
    #[producer_consumer]
    fn count_out(lap: Lap, ledger: &Ledger) -> Result<Item, Lap> {
        if lap.left == 0 {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
            return Ok(lap.item);
        }
        ledger.fails();
        Err(Lap { left: lap.left - 1, ..lap })
    }
    every_way(async || {
        INSIDE.store(0, Ordering::SeqCst);
        MOST.store(0, Ordering::SeqCst);
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let first = count_in;
            let last = count_out(ledger.clone()) else [fix_later => feedback(5) first];
            { ledger.queue(100) } => |item: Item| Lap { item, left: 4 } => first => last => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        assert!(MOST.load(Ordering::SeqCst) <= 5, "{}", MOST.load(Ordering::SeqCst));
    });
}

/// What the macro says at compile time, the builder says at the start.
#[tokio::test]
async fn the_builder_says_what_is_wrong_with_a_loop() {
    let source = b::start(b::value(from_iter(0..3u64)));
    let first = b::shared(<crate::double>::__stage().name("first"));
    b::join(&source.port(), &first, Edge::new());
    let second = b::shared(<crate::double>::__stage().name("second"));
    b::join(&b::out_of(&first), &second, Edge::new());
    b::join_also(&b::out_of(&second), &first, Edge::new());
    let error = b::runnable([b::close(source), b::place(&first), b::place(&second)]).run().await.unwrap_err();
    assert!(error.is_graph());
    assert_eq!(
        error.to_string(),
        "stage `first`: these edges form a cycle: `first => second => first`; a bounded graph would deadlock: \
         mark the closing edge: `=> feedback(n) first`"
    );

    let refused = async |room, policy, size: usize| {
        let source = b::start(b::value(from_iter(0..3u64)));
        let first = b::shared(<crate::double>::__stage().name("first"));
        b::join(&source.port(), &first, Edge::new());
        let second = b::link(&b::out_of(&first), <small>::__stage().name("second").batch(size, LONG));
        let back = b::share_feedback(&second.port(), &first, Edge::new(), room, policy);
        let end = b::share_last(&second.port(), <crate::sum>::__stage(0));
        let stages = [b::close(source), b::place(&first), b::close(second), b::close(end), back];
        b::runnable(stages).run().await.unwrap_err().to_string()
    };
    assert_eq!(
        refused(0, Overflow::Fail, 1).await,
        "stage `feedback first`: `feedback` must hold at least 1 event, got 0"
    );
    assert_eq!(
        refused(4, Overflow::Wait, 2).await,
        "stage `feedback first`: a loop cannot wait for itself: `feedback(4) first` fails when it is full, \
         `feedback(4, drop_oldest) first` drops"
    );
    assert_eq!(
        refused(4, Overflow::Fail, 5).await,
        "stage `second`: a batch of 5 can never fill: `feedback` lets 4 events go round, let it be 5 or more"
    );

    let source = b::start(b::value(from_iter(0..3u64)));
    let first = b::shared(<crate::double>::__stage().name("first"));
    b::join(&source.port(), &first, Edge::new());
    let other = b::start(b::value(from_iter(0..3u64)));
    let back = b::feedback(&other.port(), &first, Edge::new(), 4, Overflow::Fail);
    b::discard(&b::out_of(&first));
    let error = b::runnable([b::close(source), b::close(other), b::place(&first), back]).run().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stage `feedback first`: it closes no loop: nothing leads from `first` back to here; write `=> first`"
    );
}

#[tokio::test]
async fn a_stage_of_callbacks_is_no_part_of_a_loop() {
    #[derive(Default)]
    struct Passes;
    #[stage]
    impl Passes {
        fn on_event(&mut self, n: u64) -> Vec<u64> {
            vec![n]
        }
    }
    let pipeline = pipeline! {
        let leaf = leaf else [{ b::live_node(Passes) } => feedback(4) leaf];
        numbers(0..3) => leaf => _
    };
    let error = pipeline.run().await.map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "stage `Passes`: a stage of callbacks emits whenever it likes, so a loop through it would have no end: put it \
         outside of the loop"
    );
}

#[producer_consumer(batch(2, LONG))]
fn small(numbers: Vec<u64>) -> Vec<u64> {
    numbers
}
