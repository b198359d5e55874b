//! Children that are started by hand, counted, and ended; options that cannot work.

use stagekit::live::{Cancel, LiveError, Reason, Shutdown};

use super::*;

#[tokio::test(start_paused = true)]
async fn options_that_cannot_work_170_200() {
    let (queue, nursery) = (queue().await, Nursery::new(Manners::Deaf));
    let new = || nursery.workers();
    let to = |options| nursery.workers().subscribe_to(&queue.outlet(), options);
    let cases = [
        (new().max_demand(0), "`max_demand` must be at least 1, got 0"),
        (new().max_demand(2).min_demand(2), "`min_demand` must be lower than `max_demand`, got 2 and 2"),
        (to(Subscribe::new().max_demand(0)), "`max_demand` must be at least 1, got 0"),
    ];
    for (workers, text) in cases {
        let LiveError::Options { stage, wrong } = workers.name("w").start().await.unwrap_err() else {
            panic!("{text}")
        };
        assert_eq!((&*stage, &*wrong), ("w", text));
    }
    // What was wrong for a moment is not wrong in the end.
    new().min_demand(5).max_demand(9).start().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn start_child_and_what_becomes_of_it_181_182_205() {
    // (what the child does, whether it is there afterwards)
    for (tell, there) in
        [(None, true), (Some(Tell::Done), false), (Some(Tell::Fail), false), (Some(Tell::Panic), false)]
    {
        let nursery = Nursery::new(Manners::Deaf);
        let workers = nursery.workers().start().await.unwrap();
        let child = workers.start_child(1).await.unwrap();
        settle().await;
        assert_eq!(first(&workers).await, child);
        if let Some(tell) = tell {
            nursery.tell(1, tell).await;
        }
        let n = usize::from(there);
        assert_eq!(count(&workers).await, (n, n), "{tell:?}");
        // l08: whatever a child does, its supervisor and the others go on.
        assert_ne!(workers.start_child(2).await.unwrap(), child);
        settle().await;
        assert_eq!(count(&workers).await, (n + 1, n + 1), "{tell:?}");
        let failed = u64::from(matches!(tell, Some(Tell::Fail | Tell::Panic)));
        assert_eq!(workers.summary().failed, failed, "{tell:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_the_future_is_the_childs_182() {
    let workers = ConsumerSupervisor::new(|job: u64| {
        assert!(job != 1, "one");
        async {}
    });
    let workers = workers.start().await.unwrap();
    for job in [1, 2] {
        workers.start_child(job).await.unwrap();
    }
    settle().await;
    assert_eq!((workers.summary().failed, count(&workers).await), (1, (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn start_child_of_one_that_has_ended_gives_the_event_back() {
    let workers = Nursery::new(Manners::Deaf).workers().name("w").start().await.unwrap();
    workers.stop(Reason::Shutdown).await;
    let error = workers.start_child(7).await.unwrap_err();
    assert_eq!(error.to_string(), "the child was not started: stage `w` has ended: shutdown");
    assert_eq!(error.into_event(), 7);
    assert!(workers.which_children().await.is_err() && workers.count_children().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn terminate_child_by_each_rule_196_197() {
    // (rule, manners, seconds it takes, whether the child came to its own end)
    let second = Duration::from_secs(1);
    let cases = [
        (Shutdown::Abort, Manners::Deaf, 0, false),
        (Shutdown::Abort, Manners::Ends, 0, true),
        (Shutdown::After(second), Manners::Deaf, 1, false),
        (Shutdown::After(second), Manners::Ends, 0, true),
        (Shutdown::After(second), Manners::EndsBadly, 0, true),
        (Shutdown::Never, Manners::Ends, 0, true),
    ];
    for (rule, manners, seconds, own) in cases {
        let nursery = Nursery::new(manners);
        let workers = nursery.workers().transient().shutdown(rule).start().await.unwrap();
        let child = workers.start_child(1).await.unwrap();
        settle().await;
        let begin = tokio::time::Instant::now();
        workers.terminate_child(child).await.unwrap();
        let what = format!("{rule:?} {manners:?}");
        assert_eq!(begin.elapsed().as_millis() / 1000, seconds, "{what}");
        // An aborted one may have heard the bell or not.
        let gone = nursery.gone();
        assert!(gone == [(1, own)] || rule == Shutdown::Abort && gone.len() == 1, "{what}: {gone:?}");
        let error = workers.terminate_child(child).await.unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.to_string(), "stage `ConsumerSupervisor` has no child 1");
        settle().await;
        assert_eq!((count(&workers).await, nursery.begun()), ((0, 0), vec![1]), "{what}: it is not started again");
    }
}

#[tokio::test(start_paused = true)]
async fn terminate_child_is_heard_while_another_one_takes_its_time() {
    let nursery = Nursery::new(Manners::Deaf);
    let workers = nursery.workers().start().await.unwrap();
    let (slow, other) = (workers.start_child(1).await.unwrap(), workers.start_child(2).await.unwrap());
    settle().await;
    let ending = tokio::spawn({
        let workers = workers.clone();
        async move { workers.terminate_child(slow).await }
    });
    settle().await;
    // GenStage's supervisor is deaf meanwhile.
    assert_eq!(count(&workers).await, (2, 2));
    nursery.tell(2, Tell::Done).await;
    assert!(workers.terminate_child(other).await.unwrap_err().is_not_found());
    ending.await.unwrap().unwrap();
    assert_eq!(count(&workers).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn subscribing_199_202_203() {
    let queue = queue().await;
    let nursery = Nursery::new(Manners::Deaf);
    let workers = nursery.workers().start().await.unwrap();
    workers.subscribe(&queue.outlet(), Subscribe::new().cancel(Cancel::Temporary)).await.unwrap();
    assert_eq!(workers.status().await.unwrap().producers, 1);
    queue.stop(Reason::Normal).await;
    settle().await;
    assert_eq!(workers.reason(), None);
    // A producer that has ended already.
    let later = workers.subscribe(&queue.outlet(), Subscribe::new().cancel(Cancel::Temporary)).await;
    assert!(matches!(later, Err(LiveError::Refused { reason: Reason::NotAlive, .. })), "{later:?}");
    settle().await;
    assert_eq!(workers.reason(), None);
    workers.subscribe(&queue.outlet(), Subscribe::new()).await.unwrap_err();
    assert_eq!(workers.ended().await, Reason::NotAlive);
}
