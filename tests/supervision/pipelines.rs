//! Pipelines under supervision.

use std::sync::atomic::{AtomicU64, Ordering};

use stagekit::live::{Reason, Restart, Shutdown, Supervisor};
use stagekit::prelude::*;

use super::trace::{Head, Standing, Trace, crash, running};
use super::*;

#[producer]
fn numbers() -> impl Iterator<Item = u64> {
    0..
}

/// Takes a second for each.
#[consumer]
async fn slow(_n: u64, count: &AtomicU64) {
    tokio::time::sleep(Duration::from_secs(1)).await;
    count.fetch_add(1, Ordering::SeqCst);
}

/// A pipeline that fails so often, and then ends well.
fn failing(starts: &Arc<AtomicU64>, times: u64) -> Pipeline {
    let start = starts.fetch_add(1, Ordering::SeqCst);
    pipeline! { { from_iter(0..10u64) } => |n| n => try_map |n| if n == 5 && start < times { Err(format!("start {start}")) } else { Ok(n) } => _ }
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_begins_again_until_it_ends_well() {
    // (failures, restart type, starts, how it ends)
    let cases = [
        (2, "transient", 3, Ok(())),
        (0, "transient", 1, Ok(())),
        (9, "transient", 4, Err(())),
        (9, "temporary", 1, Ok(())),
        (0, "permanent", 4, Err(())),
    ];
    for (times, kind, expected, end) in cases {
        let starts = Arc::new(AtomicU64::new(0));
        let mut supervisor = Supervisor::one_for_one();
        let begun = starts.clone();
        let added = supervisor.pipeline("import", move || failing(&begun, times));
        match kind {
            "transient" => drop(added.transient()),
            "temporary" => drop(added.temporary()),
            _ => drop(added.permanent()),
        }
        let reason = supervisor.start().await.unwrap().ended().await;
        let what = format!("{times} {kind}: {reason}");
        assert_eq!((starts.load(Ordering::SeqCst), reason.is_normal()), (expected, end.is_ok()), "{what}");
        if times == 9 && end.is_err() {
            assert!(what.ends_with("last: child `import`: stage `try_map` failed: start 3"), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_stands_in_order_with_stages() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::rest_for_one();
    let traced = trace.of("a");
    let head = supervisor.stage(move || live(Head(traced.clone(), 0))).child();
    let made = trace.clone();
    supervisor
        .pipeline("b", move || {
            made.note("+b");
            pipeline! { numbers => slow(AtomicU64::new(0)) }
        })
        .shutdown(Shutdown::Abort);
    let traced = trace.of("c");
    let last = supervisor.stage(move || live(Head(traced.clone(), 0))).child();
    let supervised = supervisor.start().await.unwrap();
    assert_eq!(trace.take(), "+a +b +c");
    crash(&last).await;
    assert_eq!(trace.take(), "+c");
    crash(&head).await;
    assert_eq!(trace.take(), "-c +a +b +c");
    assert_eq!(running(&supervised), [("Head".into(), 1), ("b".into(), 1), ("Head".into(), 2)]);
    assert_eq!(supervised.stop().await, Reason::Shutdown);
    assert!(supervised.which_children().iter().all(|child| child.standing == Standing::Ended));
}

#[tokio::test(start_paused = true)]
async fn l12_stopped_it_is_drained_in_its_time() {
    // (rule, whether everything in flight is finished)
    let cases = [(Shutdown::Never, true), (Shutdown::After(Duration::from_secs(60)), true), (Shutdown::Abort, false)];
    for (rule, whole) in cases {
        let count = Arc::new(AtomicU64::new(0));
        let (counted, handled) = (count.clone(), Arc::new(Mutex::new(None)));
        let kept = handled.clone();
        let mut supervisor = Supervisor::one_for_one();
        let make = move || {
            let (count, kept) = (counted.clone(), kept.clone());
            pipeline! { numbers -> |n: u64| { *kept.lock().unwrap() = Some(n); n } => slow(count).max_demand(4) }
        };
        supervisor.pipeline("work", make).shutdown(rule);
        let supervised = supervisor.start().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let begin = tokio::time::Instant::now();
        supervised.stop().await;
        let done = count.load(Ordering::SeqCst);
        let made = handled.lock().unwrap().unwrap() + 1;
        assert_eq!(done == made, whole, "{rule:?}: {done} of {made} in {:?}", begin.elapsed());
        assert!(whole || begin.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_graph_that_is_wrong_is_an_error_of_the_start() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_one();
    let traced = trace.of("a");
    supervisor.stage(move || live(Head(traced.clone(), 0)));
    let none = 0;
    supervisor.pipeline("work", move || pipeline! { numbers => slow(AtomicU64::new(0)).max_demand(none) });
    let error = supervisor.start().await.unwrap_err().to_string();
    assert_eq!(
        error,
        "stage `work` has ended: stage `numbers`: the edge to `slow`: `max_demand` must be at least 1, got 0"
    );
    assert_eq!(trace.take(), "+a -a");
}

#[tokio::test(start_paused = true)]
async fn dropped_it_aborts_the_pipeline() {
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    let mut supervisor = Supervisor::one_for_one().intensity(Restart::new(0, Duration::from_secs(1)));
    supervisor.pipeline("work", move || pipeline! { numbers => slow(counted.clone()).max_demand(4) });
    let supervised = supervisor.start().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    drop(supervised);
    let before = count.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((count.load(Ordering::SeqCst), before), (before, 2));
}
