//! Pain 11: one crash of a producer is one restart, however many stages hang on it.

use stagekit::BoxError;
use stagekit::live::{Asks, Cancel, Reason, Restart, Subscription, Supervisor};

use super::trace::{Head, Middle, Standing, Tail, Trace, crash, few, running};
use super::*;

#[tokio::test(start_paused = true)]
async fn one_crash_is_one_restart_with_many_consumers() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_one().intensity(Restart::new(1, Duration::from_secs(5)));
    let traced = trace.of("a");
    let head = supervisor.stage(move || live(Head(traced.clone(), 0))).child();
    let consumers: Vec<_> = (0..5)
        .map(|_| {
            let traced = trace.of("c");
            let options = Subscribe::new().max_demand(10).min_demand(0);
            supervisor.stage(move || live(Tail(traced.clone(), 0))).subscribe_to(&head, options.manual()).child()
        })
        .collect();
    let supervised = supervisor.start().await.unwrap();
    settle().await;
    trace.take();
    crash(&head).await;
    // OTP would count six, and 1 is allowed.
    assert_eq!((supervised.reason(), supervised.restarts()), (None, 1));
    assert_eq!(trace.sorted(), "+a +c +c +c +c +c -c -c -c -c -c");
    assert_eq!(head.live().unwrap().status().await.unwrap().consumers, 5);
    for consumer in &consumers {
        assert_eq!(consumer.live().unwrap().status().await.unwrap().producers, 1);
    }
    // A failure of their own counts.
    crash(&consumers[3]).await;
    assert!(!supervised.ended().await.is_normal());
}

#[tokio::test(start_paused = true)]
async fn a_chain_comes_back_in_order() {
    for crashes in 0..3 {
        let trace = Trace::default();
        let mut supervisor = Supervisor::one_for_one().intensity(Restart::new(1, Duration::from_secs(5)));
        let (a, b, c, d) = (trace.of("a"), trace.of("b"), trace.of("c"), trace.of("d"));
        let head = supervisor.stage(move || live(Head(a.clone(), 0))).child();
        let first = supervisor.stage(move || live(Middle(b.clone()))).subscribe_to(&head, few()).child();
        let second = supervisor.stage(move || live(Middle(c.clone()))).subscribe_to(&first, few()).child();
        supervisor.stage(move || live(Tail(d.clone(), 0))).subscribe_to(&second, few());
        let supervised = supervisor.start().await.unwrap();
        settle().await;
        trace.take();
        match crashes {
            0 => crash(&head).await,
            1 => crash(&first).await,
            _ => crash(&second).await,
        }
        let seen = trace.take();
        let starts: Vec<_> = seen.split(' ').filter(|note| note.starts_with('+')).collect();
        assert_eq!(starts, ["+a", "+b", "+c", "+d"][crashes..], "{seen}");
        assert_eq!((supervised.restarts(), running(&supervised).len()), (1, 4), "{seen}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_temporary_subscription_keeps_its_consumer_and_is_made_again() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_one();
    let traced = trace.of("a");
    let head = supervisor.stage(move || live(Head(traced.clone(), 0))).child();
    let traced = trace.of("c");
    let options = Subscribe::new().max_demand(10).cancel(Cancel::Temporary);
    let tail = supervisor.stage(move || live(Ten(traced.clone(), 0))).subscribe_to(&head, options).child();
    let supervised = supervisor.start().await.unwrap();
    settle().await;
    for nth in 1..=3 {
        let before = tail.live().unwrap();
        let seen = before.call(|tail, _| tail.1).await.unwrap();
        assert_eq!(seen, 10 * nth, "it asks for ten, and for no more while it holds them");
        crash(&head).await;
        assert_eq!(tail.live().unwrap().name(), before.name());
        assert_eq!((before.reason(), before.status().await.unwrap().producers), (None, 1));
    }
    assert_eq!((supervised.restarts(), trace.take()), (3, "+a +c +a +a +a".into()));
}

/// Asks each producer for ten, once.
struct Ten(super::trace::Traced, usize);
impl Callbacks for Ten {
    type In = u64;
    type Out = NoEvents;
    type Info = ();
    async fn on_start(&mut self, _: &mut Context<NoEvents>) -> Answer {
        self.0.start()
    }
    fn on_subscribe(&mut self, _: &Subscribe<u64>, from: &Subscription) -> Result<Asks, BoxError> {
        from.ask(10);
        Ok(Asks::Manually)
    }
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        self.1 += events.len();
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_transient_subscription_survives_a_normal_end() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_one();
    let (a, c) = (trace.of("a"), trace.of("c"));
    let head = supervisor.stage(move || live(Head(a.clone(), 0))).child();
    let options = few().cancel(Cancel::Transient);
    let tail = supervisor.stage(move || live(Tail(c.clone(), 0))).subscribe_to(&head, options).child();
    let supervised = supervisor.start().await.unwrap();
    settle().await;
    let before = tail.live().unwrap();
    head.live().unwrap().stop(Reason::Normal).await;
    settle().await;
    assert_eq!((before.reason(), before.status().await.unwrap().producers), (None, 1));
    crash(&head).await;
    assert!(before.reason().is_some() && tail.live().is_some());
    assert_eq!(supervised.restarts(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_its_producer_a_consumer_does_not_begin_again() {
    // OTP's supervisor would start it again, for it to find nobody, until it has exceeded its intensity.
    for reason in [Reason::Normal, Reason::error("broken")] {
        let trace = Trace::default();
        let mut supervisor = Supervisor::one_for_one();
        let (a, b, c) = (trace.of("a"), trace.of("b"), trace.of("c"));
        let head = supervisor.stage(move || live(Head(a.clone(), 0))).temporary().child();
        let middle = supervisor.stage(move || live(Middle(b.clone()))).subscribe_to(&head, few()).child();
        supervisor.stage(move || live(Tail(c.clone(), 0))).subscribe_to(&middle, few());
        let supervised = supervisor.start().await.unwrap();
        settle().await;
        head.live().unwrap().stop(reason.clone()).await;
        assert_eq!(supervised.ended().await, Reason::Normal, "{reason}: nobody is left");
        assert_eq!((trace.take(), supervised.restarts()), ("+a +b +c -a -b -c".into(), 0));
        assert!(supervised.which_children().iter().all(|child| child.standing == Standing::Ended));
    }
}

#[tokio::test(start_paused = true)]
async fn with_another_producer_it_does() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_one();
    let (a, b, c) = (trace.of("a"), trace.of("b"), trace.of("c"));
    let first = supervisor.stage(move || live(Head(a.clone(), 0))).temporary().child();
    let second = supervisor.stage(move || live(Head(b.clone(), 0))).child();
    let tail = supervisor.stage(move || live(Tail(c.clone(), 0)));
    let tail = tail.subscribe_to(&first, few()).subscribe_to(&second, few()).child();
    let supervised = supervisor.start().await.unwrap();
    settle().await;
    crash(&first).await;
    assert_eq!(trace.take(), "+a +b +c -c +c");
    assert_eq!(tail.live().unwrap().status().await.unwrap().producers, 1);
    assert_eq!((supervised.restarts(), second.live().unwrap().status().await.unwrap().consumers), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn two_crashes_at_once_are_two() {
    let trace = Trace::default();
    let mut supervisor = Supervisor::one_for_one().intensity(Restart::new(2, Duration::from_secs(5)));
    let (a, b, c) = (trace.of("a"), trace.of("b"), trace.of("c"));
    let first = supervisor.stage(move || live(Head(a.clone(), 0))).child();
    let second = supervisor.stage(move || live(Head(b.clone(), 0))).child();
    let tail = supervisor.stage(move || live(Tail(c.clone(), 0)));
    let tail = tail.subscribe_to(&first, few()).subscribe_to(&second, few()).child();
    let supervised = supervisor.start().await.unwrap();
    settle().await;
    for child in [&first, &second] {
        child.live().unwrap().cast(|_, _| panic!("crash")).unwrap();
    }
    settle().await;
    assert_eq!((supervised.restarts(), supervised.reason()), (2, None));
    assert_eq!(tail.live().unwrap().status().await.unwrap().producers, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_crashes_on_many_threads() {
    const CRASHES: u64 = 60;
    for strategy in [Supervisor::one_for_one, Supervisor::rest_for_one, Supervisor::one_for_all] {
        let trace = Trace::default();
        let mut supervisor = strategy().intensity(Restart::new(1000, Duration::from_secs(5)));
        let traced = trace.of("a");
        let head = supervisor.stage(move || live(Head(traced.clone(), 0))).child();
        let tails: Vec<_> = (0..4)
            .map(|n| {
                let traced = trace.of("c");
                let options = few().cancel([Cancel::Permanent, Cancel::Transient, Cancel::Temporary][n % 3]);
                supervisor.stage(move || live(Tail(traced.clone(), 0))).subscribe_to(&head, options).child()
            })
            .collect();
        let supervised = supervisor.start().await.unwrap();
        let mut last = head.live().unwrap();
        for _ in 0..CRASHES {
            last.cast(|_, _| panic!("crash")).unwrap();
            last = head.started_after(&last).await.unwrap();
        }
        // Whoever was on its way back comes back.
        for tail in &tails {
            while !matches!(tail.live(), Some(tail) if tail.status().await.is_ok_and(|now| now.producers == 1)) {
                tokio::task::yield_now().await;
            }
        }
        while last.status().await.unwrap().consumers != 4 {
            tokio::task::yield_now().await;
        }
        assert_eq!((supervised.reason(), supervised.restarts()), (None, CRASHES));
        assert_eq!(supervised.stop().await, Reason::Shutdown);
    }
}
