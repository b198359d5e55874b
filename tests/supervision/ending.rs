//! How a consumer supervisor ends, and its children with it.

use stagekit::live::{Reason, Shutdown};

use super::*;

#[tokio::test(start_paused = true)]
async fn all_children_are_shut_down_at_once_190_191_193_194() {
    let second = Duration::from_secs(1);
    // (rule, manners, seconds it takes)
    let cases = [
        (Shutdown::Abort, Manners::Deaf, 0),
        (Shutdown::Never, Manners::Ends, 0),
        (Shutdown::After(second), Manners::Ends, 0),
        (Shutdown::After(second), Manners::EndsBadly, 0),
        (Shutdown::After(second), Manners::Deaf, 1),
        (Shutdown::default(), Manners::Deaf, 5),
    ];
    for (rule, manners, seconds) in cases {
        let nursery = Nursery::new(manners);
        let workers = nursery.workers().shutdown(rule).start().await.unwrap();
        for job in 1..=3 {
            workers.start_child(job).await.unwrap();
        }
        settle().await;
        let begin = tokio::time::Instant::now();
        assert_eq!(workers.stop(Reason::Shutdown).await, Reason::Shutdown);
        let own = manners != Manners::Deaf;
        assert_eq!(
            nursery.gone(),
            [(1, own), (2, own), (3, own)],
            "{rule:?} {manners:?}: when it has ended, they have"
        );
        assert_eq!(begin.elapsed().as_secs(), seconds, "{rule:?} {manners:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_without_a_token_uses_the_time_to_get_done() {
    let (done, mut results) = tokio::sync::mpsc::unbounded_channel();
    let workers = ConsumerSupervisor::new(move |seconds: u64| {
        let done = done.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            done.send(seconds).unwrap();
        }
    });
    let workers = workers.start().await.unwrap();
    for seconds in [6, 2] {
        workers.start_child(seconds).await.unwrap();
    }
    workers.stop(Reason::Shutdown).await;
    drop(workers);
    assert_eq!((results.recv().await, results.recv().await), (Some(2), None));
}

#[tokio::test(start_paused = true)]
async fn l12_a_normal_end_of_its_producer_waits_for_the_children() {
    let (queue, workers, nursery) =
        stand(Subscribe::new().max_demand(2).min_demand(0), |start| start.transient()).await;
    emit(&queue, [1, 2]).await;
    queue.drain();
    queue.ended().await;
    settle().await;
    // It still answers, and still starts failed children again.
    assert_eq!((workers.reason(), count(&workers).await), (None, (2, 2)));
    nursery.tell(1, Tell::Fail).await;
    assert_eq!(count(&workers).await, (2, 2));
    nursery.tell(2, Tell::Done).await;
    assert_eq!(workers.reason(), None);
    nursery.tell(1, Tell::Done).await;
    assert_eq!(workers.ended().await, Reason::Normal);
    assert_eq!((workers.summary().events_in, workers.summary().restarts), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_for_its_children_it_can_be_stopped() {
    let (queue, workers, nursery) = stand(Subscribe::new(), |start| start.shutdown(Shutdown::Abort)).await;
    emit(&queue, [1]).await;
    queue.drain();
    settle().await;
    assert_eq!(workers.stop(Reason::Shutdown).await, Reason::Shutdown);
    assert_eq!(nursery.gone(), [(1, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_its_producer_shuts_the_children_down_82() {
    let (queue, workers, nursery) = stand(Subscribe::new(), |start| start).await;
    emit(&queue, [1, 2]).await;
    let begin = tokio::time::Instant::now();
    queue.stop(Reason::error("broken")).await;
    assert_eq!(workers.ended().await, Reason::error("broken"));
    assert_eq!((begin.elapsed().as_secs(), nursery.gone()), (5, vec![(1, false), (2, false)]));
}

#[tokio::test(start_paused = true)]
async fn an_abort_takes_the_children_along() {
    // In its callbacks, and while it waits for children that do not end.
    for stopping in [false, true] {
        let nursery = Nursery::new(Manners::Deaf);
        let workers = nursery.workers().shutdown(Shutdown::Never).start().await.unwrap();
        for job in [1, 2] {
            workers.start_child(job).await.unwrap();
        }
        settle().await;
        if stopping {
            let workers = workers.clone();
            tokio::spawn(async move { workers.stop(Reason::Shutdown).await });
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(nursery.gone(), []);
        }
        workers.abort();
        assert_eq!(workers.ended().await, Reason::error("aborted"));
        settle().await;
        assert_eq!(nursery.gone(), [(1, false), (2, false)], "stopping: {stopping}");
    }
}

#[tokio::test(start_paused = true)]
async fn terminate_child_while_the_supervisor_ends_is_over_with_it() {
    let nursery = Nursery::new(Manners::Deaf);
    let workers = nursery.workers().start().await.unwrap();
    let child = workers.start_child(1).await.unwrap();
    let (ended, stopped) = tokio::join!(workers.terminate_child(child), async {
        settle().await;
        workers.stop(Reason::Shutdown).await
    });
    assert_eq!((ended.is_ok(), stopped), (true, Reason::Shutdown));
    assert_eq!(nursery.gone(), [(1, false)]);
}
