//! Children that are started again.

use stagekit::live::{Reason, Restart, Shutdown};

use super::*;

#[tokio::test(start_paused = true)]
async fn transient_children_184() {
    // (what it does, how many there are afterwards)
    for (tell, n) in [(Tell::Done, 0), (Tell::Fail, 1), (Tell::Panic, 1)] {
        let nursery = Nursery::new(Manners::Deaf);
        let workers = nursery.workers().transient().start().await.unwrap();
        let child = workers.start_child(1).await.unwrap();
        settle().await;
        nursery.tell(1, tell).await;
        assert_eq!(count(&workers).await, (n, n), "{tell:?}");
        if n == 1 {
            assert_eq!((first(&workers).await, nursery.begun()), (child, vec![1, 1]));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn restarts_with_different_ends_185() {
    let nursery = Nursery::new(Manners::Deaf);
    let workers = nursery.workers().transient().intensity(Restart::new(100_000, Duration::from_secs(5)));
    let workers = workers.backoff(Duration::from_secs(60)).start().await.unwrap();
    for job in 1..=4 {
        workers.start_child(job).await.unwrap();
    }
    settle().await;
    nursery.tell(1, Tell::Done).await;
    assert_eq!(count(&workers).await, (3, 3));
    nursery.tell(2, Tell::Fail).await;
    nursery.tell(3, Tell::Panic).await;
    assert_eq!(count(&workers).await, (3, 1));
    assert_eq!(states(&workers).await, [ChildState::Restarting, ChildState::Restarting, ChildState::Running]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((count(&workers).await, nursery.begun().len()), ((3, 3), 6));
}

#[tokio::test(start_paused = true)]
async fn more_restarts_than_allowed_187_188() {
    // (limit, seconds, seconds between failures, failures it stands)
    let cases = [(1, 5, 0, 1), (3, 5, 0, 3), (0, 5, 0, 0), (1, 5, 6, 4), (3, 1, 1, 9)];
    for (limit, window, between, stands) in cases {
        let what = format!("{limit} within {window} s, one each {between} s");
        let nursery = Nursery::new(Manners::Deaf);
        let workers = nursery.workers().transient().intensity(Restart::new(limit, Duration::from_secs(window)));
        let workers = workers.shutdown(Shutdown::Abort).start().await.unwrap();
        for job in [1, 2] {
            workers.start_child(job).await.unwrap();
        }
        settle().await;
        for _ in 0..stands {
            nursery.tell(1, Tell::Fail).await;
            assert_eq!((workers.reason(), count(&workers).await), (None, (2, 2)), "{what}");
            tokio::time::sleep(Duration::from_secs(between)).await;
        }
        if between > 0 {
            continue;
        }
        nursery.tell(1, Tell::Fail).await;
        let text = format!("needed more than {limit} restarts in its time window; last: child 1: job 1");
        assert_eq!(workers.ended().await, Reason::error(text), "{what}");
        assert!(nursery.gone().contains(&(2, false)), "{what}: the other child is shut down");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_of_failures_is_counted_not_endless_188() {
    let workers = ConsumerSupervisor::new(|_: u64| async { Err::<(), _>("always") }).transient();
    let workers = workers.start().await.unwrap();
    workers.start_child(1).await.unwrap();
    assert!(!workers.ended().await.is_normal());
    assert_eq!(workers.summary().restarts, 3);
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_panics_fails_the_child() {
    struct Fragile(u64);
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            panic!("no copy of {}", self.0)
        }
    }
    let workers = ConsumerSupervisor::new(|_: Fragile| async {}).transient().start().await.unwrap();
    workers.start_child(Fragile(1)).await.unwrap();
    let reason = workers.ended().await;
    assert_eq!(reason.to_string(), "needed more than 3 restarts in its time window; last: child 1: no copy of 1");
}
