//! How many children there are, and when more events are asked for.

use stagekit::live::{Cancel, Reason, Restart, Shutdown};
use stagekit::prelude::*;

use super::*;

#[tokio::test(start_paused = true)]
async fn r33_limited_by_max_demand_208() {
    let (queue, workers, nursery) = stand(Subscribe::new().max_demand(1).min_demand(0), |start| start).await;
    emit(&queue, [1, 2, 3, 4, 5, 6]).await;
    assert_eq!(nursery.begun(), [1]);
    assert_eq!(count(&workers).await, (1, 1));
    nursery.tell(1, Tell::Done).await;
    // A failure gives its demand back as well.
    nursery.tell(2, Tell::Fail).await;
    nursery.tell(3, Tell::Panic).await;
    assert_eq!(nursery.begun(), [1, 2, 3, 4]);
    let child = first(&workers).await;
    workers.terminate_child(child).await.unwrap();
    settle().await;
    assert_eq!(nursery.begun(), [1, 2, 3, 4, 5]);
    assert_eq!(count(&workers).await, (1, 1), "never two at once");
}

#[tokio::test(start_paused = true)]
async fn r33_a_restarting_child_keeps_its_place_209() {
    let (queue, workers, nursery) =
        stand(Subscribe::new().max_demand(1).min_demand(0), |start| start.transient().backoff(Duration::from_secs(1)))
            .await;
    emit(&queue, [1, 2, 3, 4]).await;
    nursery.tell(1, Tell::Fail).await;
    assert_eq!((count(&workers).await, states(&workers).await), ((1, 0), vec![ChildState::Restarting]));
    assert_eq!(nursery.begun(), [1]);
    // While it restarts it can be ended, and that makes room.
    workers.terminate_child(first(&workers).await).await.unwrap();
    settle().await;
    assert_eq!((nursery.begun(), count(&workers).await), (vec![1, 2], (1, 1)));
    let child = first(&workers).await;
    nursery.tell(2, Tell::Panic).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    settle().await;
    // The same child, with the same event, and no other beside it.
    assert_eq!((nursery.begun(), first(&workers).await), (vec![1, 2, 2], child));
    assert_eq!(count(&workers).await, (1, 1));
    assert_eq!(workers.summary().restarts, 1 + 1, "the first was about to be");
}

#[tokio::test(start_paused = true)]
async fn r33_asks_when_as_many_as_min_demand_have_ended_211_212() {
    // (max, min, what was asked after each of five children has ended)
    type Case = (usize, usize, [&'static [usize]; 6]);
    let cases: [Case; 5] = [
        (3, 2, [&[3], &[3], &[3, 2], &[3, 2], &[3, 2, 2], &[3, 2, 2]]),
        (3, 0, [&[3], &[3, 1], &[3, 1, 1], &[3, 1, 1, 1], &[3, 1, 1, 1, 1], &[3, 1, 1, 1, 1, 1]]),
        (3, 1, [&[3], &[3, 1], &[3, 1, 1], &[3, 1, 1, 1], &[3, 1, 1, 1, 1], &[3, 1, 1, 1, 1, 1]]),
        (1, 0, [&[1], &[1, 1], &[1, 1, 1], &[1, 1, 1, 1], &[1, 1, 1, 1, 1], &[1, 1, 1, 1, 1, 1]]),
        (5, 4, [&[5], &[5], &[5], &[5], &[5, 4], &[5, 4]]),
    ];
    for (max, min, asks) in cases {
        let counting = live(Queue { counts: Some(0), ..Queue::default() }).start().await.unwrap();
        let nursery = Nursery::new(Manners::Deaf);
        let options = Subscribe::new().max_demand(max).min_demand(min);
        let workers = nursery.workers().subscribe_to(&counting.outlet(), options).start().await.unwrap();
        settle().await;
        let mut most = 0;
        for (ended, asks) in asks.into_iter().enumerate() {
            assert_eq!(asked(&counting).await, asks, "max {max} min {min} after {ended}");
            most = most.max(count(&workers).await.0);
            nursery.tell(ended as u64, Tell::Done).await;
        }
        assert_eq!(most, max, "max {max} min {min}");
    }
}

#[tokio::test(start_paused = true)]
async fn r33_asks_exactly_max_demand_212() {
    let (queue, workers, nursery) = stand(Subscribe::new().max_demand(3).min_demand(0), |start| start).await;
    emit(&queue, [1, 2]).await;
    assert_eq!((nursery.begun(), count(&workers).await), (vec![1, 2], (2, 2)));
    assert_eq!(asked(&queue).await, [3], "nothing more while both are alive");
}

/// Pain 12: with GenStage's default, half of the children have to end before there are more; it is no lower bound.
#[tokio::test(start_paused = true)]
async fn min_demand_is_no_lower_bound_and_its_default_is_half() {
    let (queue, workers, nursery) = stand(Subscribe::new().max_demand(4), |start| start).await;
    emit(&queue, 0..10).await;
    nursery.tell(0, Tell::Done).await;
    assert_eq!(count(&workers).await, (3, 3));
    nursery.tell(1, Tell::Done).await;
    assert_eq!(count(&workers).await, (4, 4));
}

#[tokio::test(start_paused = true)]
async fn the_supervisors_own_max_demand_is_the_default_of_its_subscriptions() {
    let (queue, workers, _) = stand(Subscribe::new(), |start| start.max_demand(2).min_demand(0)).await;
    emit(&queue, 0..10).await;
    assert_eq!(count(&workers).await, (2, 2));
    // A subscription's own limits are its own, and counted by themselves.
    let second = super::queue().await;
    workers.subscribe(&second.outlet(), Subscribe::new().max_demand(3)).await.unwrap();
    settle().await;
    emit(&second, 100..110).await;
    assert_eq!(count(&workers).await, (5, 5));
}

#[tokio::test(start_paused = true)]
async fn started_children_are_outside_the_demand_80() {
    let (queue, workers, nursery) = stand(Subscribe::new().max_demand(1).min_demand(0), |start| start).await;
    for job in [100, 101] {
        workers.start_child(job).await.unwrap();
    }
    emit(&queue, [1, 2]).await;
    assert_eq!(nursery.begun(), [100, 101, 1]);
    nursery.tell(100, Tell::Done).await;
    assert_eq!(nursery.begun(), [100, 101, 1], "it releases nothing");
    assert_eq!(asked(&queue).await, [1]);
    nursery.tell(1, Tell::Done).await;
    assert_eq!(nursery.begun(), [100, 101, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn children_outlive_a_producer_and_ask_nobody_81() {
    let options = Subscribe::new().max_demand(2).min_demand(0).cancel(Cancel::Temporary);
    let (queue, workers, nursery) = stand(options.clone(), |start| start).await;
    emit(&queue, [1, 2]).await;
    queue.stop(Reason::error("gone")).await;
    settle().await;
    assert_eq!(count(&workers).await, (2, 2));
    nursery.tell(1, Tell::Done).await;
    assert_eq!((workers.reason(), count(&workers).await), (None, (1, 1)));
    // The next producer is asked for all of it: what the first one's children release is not its.
    let next = super::queue().await;
    workers.subscribe(&next.outlet(), options).await.unwrap();
    settle().await;
    nursery.tell(2, Tell::Done).await;
    assert_eq!(asked(&next).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_events_206() {
    let nursery = Nursery::new(Manners::Deaf);
    let running = pipeline! { { from_iter(1..=3u64) } => { nursery.workers() } }.spawn();
    settle().await;
    assert_eq!(nursery.begun(), [1, 2, 3]);
    assert!(!running.handle().is_finished(), "l12: the children are waited for");
    for job in 1..=3 {
        nursery.tell(job, Tell::Done).await;
    }
    let summary = running.await.unwrap();
    assert_eq!(summary.stage("ConsumerSupervisor").unwrap().events_in, 3);
}

#[tokio::test(start_paused = true)]
async fn in_a_pipeline_it_is_limited_too_208() {
    // (how the limit is set, at most so many at once)
    for own in [true, false] {
        let nursery = Nursery::new(Manners::Deaf);
        let workers = if own { nursery.workers().max_demand(2).min_demand(0) } else { nursery.workers() };
        let running = if own {
            pipeline! { { from_iter(0..5u64) } => { workers } }.spawn()
        } else {
            pipeline! { { from_iter(0..5u64) } => { workers }.max_demand(2).min_demand(0) }.spawn()
        };
        settle().await;
        for job in 0..5 {
            assert_eq!(nursery.begun().len() as u64, (job + 2).min(5), "own: {own}");
            nursery.tell(job, Tell::Done).await;
        }
        running.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn l11_receipts_are_settled_when_the_child_is_done_for_good() {
    // An event fails so often, and is done then; restarts are allowed so often in all.
    let attempts = Arc::new(Mutex::new(BTreeMap::<u64, u64>::new()));
    let (events, ledger) = stagekit::memory::queue(0..8u64);
    let (seen, watch) = (attempts.clone(), ledger.clone());
    let workers = ConsumerSupervisor::new(move |job: u64| {
        let (attempts, ledger) = (seen.clone(), watch.clone());
        async move {
            assert!(!ledger.acknowledged().contains(&job), "settled before it is done");
            let attempt = *attempts.lock().unwrap().entry(job).and_modify(|n| *n += 1).or_insert(1);
            tokio::time::sleep(Duration::from_millis(job)).await;
            match job {
                3 if attempt < 3 => Err("again"),
                5 if attempt < 2 => panic!("again"),
                _ => Ok(()),
            }
        }
    });
    let workers = workers.transient().max_demand(3);
    pipeline! { { events } => { workers } }.run().await.unwrap();
    assert!(ledger.is_settled());
    assert_eq!((ledger.acknowledged().len(), ledger.failed().len()), (8, 0));
    let attempts = attempts.lock().unwrap().clone();
    assert_eq!((attempts[&3], attempts[&5]), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn l11_a_failed_or_ended_child_fails_its_receipt() {
    let (events, ledger) = stagekit::memory::queue(0..6u64);
    let workers = ConsumerSupervisor::new(|job: u64| async move {
        match job {
            1 => Err("one"),
            2 => panic!("two"),
            4 => std::future::pending().await,
            _ => Ok(()),
        }
    });
    let running = pipeline! { { events } => { workers } }.spawn();
    settle().await;
    assert_eq!((ledger.acknowledged(), ledger.failed()), (vec![0, 3, 5], vec![1, 2]));
    assert!(running.abort(Duration::from_secs(1)).await.is_aborted());
    settle().await;
    assert_eq!(ledger.failed(), [1, 2, 4]);
    assert!(ledger.is_settled());
}

#[tokio::test(start_paused = true)]
async fn too_many_restarts_fail_the_pipeline_and_every_receipt() {
    let (events, ledger) = stagekit::memory::queue(0..6u64);
    let workers =
        ConsumerSupervisor::new(
            |job: u64| async move { if job == 2 { Err("two") } else { std::future::pending().await } },
        );
    let workers = workers.transient().intensity(Restart::new(2, Duration::from_secs(5))).shutdown(Shutdown::Abort);
    let error = pipeline! { { events } => { workers } }.run().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stage `ConsumerSupervisor` failed: needed more than 2 restarts in its time window; last: child 3: two"
    );
    settle().await;
    assert!(ledger.is_settled());
    assert_eq!(ledger.failed().len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l11_on_many_threads() {
    for transient in [false, true] {
        let (events, ledger) = stagekit::memory::queue(0..5000u64);
        let attempts = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counted = attempts.clone();
        let workers = ConsumerSupervisor::new(move |job: u64| {
            let attempt = counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                for _ in 0..job % 4 {
                    tokio::task::yield_now().await;
                }
                if (job + attempt).is_multiple_of(3) { Err("now and then") } else { Ok(()) }
            }
        });
        let workers = workers.max_demand(64).intensity(Restart::new(u32::MAX, Duration::from_secs(1)));
        let workers = if transient { workers.transient() } else { workers };
        let summary = pipeline! { { events } => { workers } }.run().await.unwrap();
        let (stage, attempts) =
            (summary.stage("ConsumerSupervisor").unwrap(), attempts.load(std::sync::atomic::Ordering::Relaxed));
        assert!(ledger.is_settled() && stage.events_in == 5000);
        if transient {
            assert_eq!((ledger.failed().len(), attempts), (0, 5000 + stage.restarts));
        } else {
            assert_eq!((ledger.failed().len() as u64, attempts), (stage.failed, 5000));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_children() {
    const MANY: u64 = 100_000;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = gate.clone();
    let workers = ConsumerSupervisor::new(move |_: u64| {
        let gate = held.clone();
        async move { drop(gate.acquire().await) }
    });
    let queue = queue().await;
    let options = Subscribe::new().max_demand(MANY as usize).min_demand(0);
    let workers = workers.subscribe_to(&queue.outlet(), options).start().await.unwrap();
    settle().await;
    emit(&queue, 0..MANY).await;
    assert_eq!(count(&workers).await, (MANY as usize, MANY as usize));
    gate.add_permits(1);
    settle().await;
    assert_eq!(count(&workers).await, (0, 0));
    let asked = asked(&queue).await;
    assert_eq!((asked[0], asked.iter().sum::<usize>()), (MANY as usize, 2 * MANY as usize));
}
