//! Who begins again with whom, in which order, and how often.

use std::sync::atomic::Ordering;

use stagekit::live::{Cancel, LiveError, Reason, Restart, Restarts, Shutdown, Supervisor};

use super::trace::{Head, Middle, Standing, Tail, Trace, crash, few, running};
use super::*;

#[tokio::test(start_paused = true)]
async fn who_begins_again_with_whom() {
    // Three that know nothing of each other. (strategy, who crashes, what is seen)
    let cases = [
        ("one", 0, "+a"),
        ("one", 1, "+b"),
        ("one", 2, "+c"),
        ("rest", 0, "-c -b +a +b +c"),
        ("rest", 1, "-c +b +c"),
        ("rest", 2, "+c"),
        ("all", 0, "-c -b +a +b +c"),
        ("all", 1, "-c -a +a +b +c"),
        ("all", 2, "-b -a +a +b +c"),
    ];
    for (strategy, who, expected) in cases {
        let trace = Trace::default();
        let mut supervisor = match strategy {
            "one" => Supervisor::one_for_one(),
            "rest" => Supervisor::rest_for_one(),
            _ => Supervisor::one_for_all(),
        };
        let children = ["a", "b", "c"].map(|name| {
            let traced = trace.of(name);
            supervisor.stage(move || live(Head(traced.clone(), 0))).child()
        });
        let supervised = supervisor.start().await.unwrap();
        assert_eq!(trace.take(), "+a +b +c");
        crash(&children[who]).await;
        assert_eq!(trace.take(), expected, "{strategy} {who}");
        assert_eq!((supervised.restarts(), running(&supervised).len()), (1, 3), "{strategy} {who}");
        assert_eq!(supervised.stop().await, Reason::Shutdown);
        assert_eq!(trace.take(), "-c -b -a");
    }
}

#[tokio::test(start_paused = true)]
async fn in_pipeline_order_the_subscriptions_are_there_again() {
    for strategy in [Supervisor::rest_for_one, Supervisor::one_for_all, Supervisor::one_for_one] {
        let trace = Trace::default();
        let mut supervisor = strategy().intensity(Restart::new(3, Duration::from_secs(5)));
        let (a, b, c) = (trace.of("a"), trace.of("b"), trace.of("c"));
        let head = supervisor.stage(move || live(Head(a.clone(), 0))).child();
        let middle = supervisor.stage(move || live(Middle(b.clone()))).subscribe_to(&head, few()).child();
        let tail = supervisor.stage(move || live(Tail(c.clone(), 0))).subscribe_to(&middle, few()).child();
        let supervised = supervisor.start().await.unwrap();
        settle().await;
        for (nth, crashes) in [(1, "a"), (2, "b"), (3, "c")] {
            trace.take();
            match crashes {
                "a" => crash(&head).await,
                "b" => crash(&middle).await,
                _ => crash(&tail).await,
            }
            let seen = trace.sorted();
            // Whatever the strategy, who comes later ends with its producer, and begins again with it.
            let after: String = "abc".chars().skip_while(|name| !crashes.contains(*name)).collect();
            for name in after.chars() {
                assert!(seen.contains(&format!("+{name}")), "{crashes}: {seen}");
            }
            assert_eq!(running(&supervised).len(), 3, "{crashes}: {seen}");
            assert_eq!(supervised.restarts(), nth, "one crash is one restart: {crashes}");
            for live in [head.live().unwrap().status().await, middle.live().unwrap().status().await] {
                assert_eq!(live.unwrap().consumers, 1, "{crashes}: {seen}");
            }
            assert_eq!(tail.live().unwrap().status().await.unwrap().producers, 1);
        }
        // The fourth is one too many.
        crash(&head).await;
        let end = supervised.ended().await;
        assert!(
            end.to_string().starts_with("needed more than 3 restarts in its time window; last: child `Head`: "),
            "{end}"
        );
        assert_eq!((supervised.reason(), running(&supervised)), (Some(end), vec![]));
        assert!(head.live().is_none() && tail.live().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn which_ends_are_followed_by_a_beginning() {
    let all = [Restarts::Permanent, Restarts::Transient, Restarts::Temporary];
    let reasons = [Reason::Normal, Reason::Shutdown, Reason::error("broken")];
    for restarts in all {
        for reason in &reasons {
            let trace = Trace::default();
            let mut supervisor = Supervisor::one_for_one();
            let (a, b) = (trace.of("a"), trace.of("b"));
            let added = supervisor.stage(move || live(Head(a.clone(), 0)));
            let child = match restarts {
                Restarts::Permanent => added.permanent(),
                Restarts::Transient => added.transient(),
                _ => added.temporary(),
            };
            let child = child.child();
            supervisor.stage(move || live(Head(b.clone(), 0)));
            let supervised = supervisor.start().await.unwrap();
            let first = child.live().unwrap();
            first.stop(reason.clone()).await;
            settle().await;
            let again = match restarts {
                Restarts::Permanent => true,
                Restarts::Transient => !reason.is_normal(),
                _ => false,
            };
            let what = format!("{restarts:?} {reason}");
            assert_eq!(trace.take(), if again { "+a +b -a +a" } else { "+a +b -a" }, "{what}");
            let standing = if again { Standing::Running } else { Standing::Ended };
            let status = supervised.which_children();
            assert_eq!((status[0].standing, status[0].restarted), (standing, u64::from(again)), "{what}");
            assert_eq!((status[0].restarts, &*status[0].name), (restarts, "Head"), "{what}");
            assert_eq!(supervised.restarts(), u64::from(again), "{what}");
            assert_eq!(child.live().is_some(), again, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn temporary_children_go_with_the_others_and_do_not_come_back() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_all();
    let (a, b, c) = (trace.of("a"), trace.of("b"), trace.of("c"));
    let done = supervisor.stage(move || live(Head(a.clone(), 0))).transient().child();
    supervisor.stage(move || live(Head(b.clone(), 0))).temporary();
    let last = supervisor.stage(move || live(Head(c.clone(), 0))).child();
    let supervised = supervisor.start().await.unwrap();
    done.live().unwrap().stop(Reason::Normal).await;
    settle().await;
    trace.take();
    crash(&last).await;
    // As in OTP: what had ended well begins again with the others.
    assert_eq!(trace.take(), "-b +a +c");
    assert_eq!(running(&supervised).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_is_tried_again_and_counted() {
    // (starts that fail after the crash, whether it is the end)
    for (failing, end) in [(0, false), (2, false), (3, true)] {
        let trace = Trace::default();
        let mut supervisor = Supervisor::rest_for_one();
        let (a, b) = (trace.of("a"), trace.of("b"));
        let fails = b.fails.clone();
        let first = supervisor.stage(move || live(Head(a.clone(), 0))).child();
        supervisor.stage(move || live(Head(b.clone(), 0)));
        let supervised = supervisor.start().await.unwrap();
        trace.take();
        fails.store(failing, Ordering::SeqCst);
        crash(&first).await;
        let tries = " ?b".repeat(failing as usize);
        if end {
            assert_eq!(trace.take(), format!("-b +a{tries} -a"));
            let reason = supervised.ended().await.to_string();
            assert!(reason.ends_with("last: child `Head`: it does not start"), "{reason}");
        } else {
            assert_eq!(trace.take(), format!("-b +a{tries} +b"));
            assert_eq!((supervised.restarts(), running(&supervised).len()), (1 + u64::from(failing), 2));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_start_that_fails_undoes_the_others() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_one();
    let (a, b, c, d) = (trace.of("a"), trace.of("b"), trace.of("c"), trace.of("d"));
    c.fails.store(1, Ordering::SeqCst);
    supervisor.stage(move || live(Head(a.clone(), 0)));
    let b = supervisor.stage(move || live(Head(b.clone(), 0))).child();
    supervisor.stage(move || live(Head(c.clone(), 0)).name("third"));
    supervisor.stage(move || live(Head(d.clone(), 0)));
    let error = supervisor.start().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `third` has ended: it does not start");
    assert_eq!(trace.take(), "+a +b ?c -b -a");
    assert!(b.live().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_panics_is_a_start_that_failed() {
    let mut supervisor = Supervisor::one_for_one();
    supervisor.stage(|| -> Start<Queue> { panic!("no stage today") });
    let error = supervisor.start().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `Queue` has ended: its factory panicked: no stage today");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_work_is_told_before_anything_starts() {
    let trace = Trace::default();
    let traced = trace.of("a");
    let mut other = Supervisor::one_for_one();
    let foreign = other.stage(|| live(Queue::default())).child();
    let mut supervisor = Supervisor::one_for_one();
    let head = supervisor.stage(move || live(Head(traced.clone(), 0))).child();
    let traced = trace.of("b");
    let tail = move || live(Tail(traced.clone(), 0));
    supervisor.stage(tail.clone()).subscribe_to(&foreign, Subscribe::new()).subscribe_to(&head, Subscribe::new());
    let error = supervisor.start().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `Tail`: it cannot subscribe to `Queue`, a child of another supervisor");
    let mut supervisor = Supervisor::one_for_one();
    let head = supervisor.stage(|| live(Queue::default())).child();
    supervisor.stage(tail).subscribe_to(&head, Subscribe::new().max_demand(0));
    let error = supervisor.start().await.unwrap_err();
    assert!(matches!(error, LiveError::Options { .. }), "{error}");
    assert_eq!(trace.take(), "");
}

#[tokio::test(start_paused = true)]
async fn dropped_it_aborts_detached_it_goes_on() {
    for detached in [false, true] {
        let trace = Trace::default();
        let mut supervisor = Supervisor::one_for_one();
        let (a, b) = (trace.of("a"), trace.of("b"));
        let head = supervisor.stage(move || live(Head(a.clone(), 0))).child();
        supervisor.stage(move || live(Tail(b.clone(), 0))).subscribe_to(&head, few());
        let supervised = supervisor.start().await.unwrap();
        let first = head.live().unwrap();
        if detached {
            supervised.detach();
            crash(&head).await;
            assert!(first.reason().is_some() && head.live().is_some());
        } else {
            drop(supervised);
            settle().await;
            assert_eq!((first.reason(), head.live().is_none()), (Some(Reason::error("aborted")), true));
            assert!(head.started_after(&first).await.is_none());
            assert_eq!(trace.take(), "+a +b", "nobody was asked to stop");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn aborted_it_says_so() {
    let mut supervisor = Supervisor::one_for_one();
    let head = supervisor.stage(|| live(Queue::default())).child();
    let supervised = supervisor.start().await.unwrap();
    supervised.abort();
    assert_eq!(supervised.ended().await, Reason::error("aborted"));
    assert_eq!(
        (supervised.reason(), supervised.stop().await),
        (Some(Reason::error("aborted")), supervised.ended().await)
    );
    settle().await;
    assert!(head.live().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_each_child_its_own_time() {
    /// Does not stop.
    struct Stubborn;
    impl Callbacks for Stubborn {
        type In = NoEvents;
        type Out = u64;
        type Info = ();
        async fn on_stop(&mut self, _: &Reason) {
            std::future::pending().await
        }
    }
    let cases = [(Shutdown::Abort, 0), (Shutdown::After(Duration::from_secs(2)), 2), (Shutdown::default(), 5)];
    for (rule, seconds) in cases {
        let mut supervisor = Supervisor::one_for_one();
        let child = supervisor.stage(|| live(Stubborn)).shutdown(rule).child();
        let supervised = supervisor.start().await.unwrap();
        let begin = tokio::time::Instant::now();
        assert_eq!(supervised.stop().await, Reason::Shutdown);
        assert_eq!((begin.elapsed().as_secs(), child.live().is_none()), (seconds, true));
    }
}

#[tokio::test(start_paused = true)]
async fn it_can_be_stopped_while_a_child_does_not_come_to_its_beginning() {
    /// Starts once.
    struct Slow(Arc<std::sync::atomic::AtomicBool>);
    impl Callbacks for Slow {
        type In = NoEvents;
        type Out = u64;
        type Info = ();
        async fn on_start(&mut self, _: &mut Context<u64>) -> Answer {
            if self.0.swap(true, Ordering::SeqCst) { std::future::pending().await } else { Ok(()) }
        }
    }
    let (trace, begun) = (Trace::default(), Arc::default());
    let mut supervisor = Supervisor::one_for_all();
    let traced = trace.of("a");
    supervisor.stage(move || live(Head(traced.clone(), 0)));
    let slow = supervisor.stage(move || live(Slow(Arc::clone(&begun)))).child();
    let supervised = supervisor.start().await.unwrap();
    crash(&slow).await;
    assert_eq!((trace.take(), supervised.reason()), ("+a -a +a".into(), None));
    assert_eq!(supervised.which_children()[1].standing, Standing::Restarting);
    let begin = tokio::time::Instant::now();
    assert_eq!(supervised.stop().await, Reason::Shutdown);
    assert_eq!((trace.take(), begin.elapsed().as_secs()), ("-a".into(), 5));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_supervisor_is_a_child_as_any() {
    let nursery = Nursery::new(Manners::Deaf);
    let mut supervisor = Supervisor::one_for_one();
    let queue = supervisor.stage(|| live(Queue::default())).child();
    let (family, options) = (nursery.clone(), Subscribe::new().max_demand(2).cancel(Cancel::Temporary));
    let workers = supervisor.stage(move || family.workers()).subscribe_to(&queue, options).child();
    let supervised = supervisor.start().await.unwrap();
    settle().await;
    emit(&queue.live().unwrap(), [1, 2, 3]).await;
    crash(&queue).await;
    // The workers work on, and the new queue is asked for as many.
    assert_eq!(count(&workers.live().unwrap()).await, (2, 2));
    assert_eq!(asked(&queue.live().unwrap()).await, [2]);
    crash(&workers).await;
    assert_eq!(count(&workers.live().unwrap()).await, (0, 0));
    assert_eq!((nursery.gone(), supervised.restarts()), (vec![(1, false), (2, false)], 2));
}
