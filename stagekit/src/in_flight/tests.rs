use std::future::{pending, poll_fn};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;

use tokio::sync::oneshot;

use super::*;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

async fn next<F: Future>(calls: &mut InFlight<F>) -> Option<F::Output> {
    poll_fn(|cx| calls.poll(cx)).await
}

/// Counts how often it wakes.
#[derive(Default)]
struct Count(AtomicUsize);
impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Calls that end when they are told to, the order in which to tell them, and what comes.
async fn told(mut calls: InFlight<Boxed<usize>>) -> Vec<usize> {
    let mut ends = Vec::new();
    for n in 0..4 {
        let (end, ended) = oneshot::channel::<()>();
        calls.push(Box::pin(async move {
            let _ = ended.await;
            n
        }));
        ends.push(Some(end));
    }
    assert!(calls.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let mut came = Vec::new();
    for n in [2, 3, 0, 1] {
        drop(ends[n].take());
        while let Poll::Ready(Some(n)) = calls.poll(&mut Context::from_waker(Waker::noop())) {
            came.push(n);
        }
    }
    assert_eq!(calls.len(), 0);
    assert_eq!(next(&mut calls).await, None);
    came
}

#[tokio::test]
async fn results_come_as_they_are_done_or_in_order() {
    assert_eq!(told(InFlight::unordered()).await, [2, 3, 0, 1]);
    assert_eq!(told(InFlight::ordered()).await, [0, 1, 2, 3]);
}

#[test]
fn slots_are_used_again() {
    let mut calls = InFlight::unordered();
    let mut cx = Context::from_waker(Waker::noop());
    for n in 0..100 {
        calls.push(std::future::ready(n));
        calls.push(std::future::ready(n));
        assert_eq!(calls.poll(&mut cx), Poll::Ready(Some(n)));
        assert_eq!(calls.poll(&mut cx), Poll::Ready(Some(n)));
        assert_eq!(calls.poll(&mut cx), Poll::Ready(None));
    }
    assert_eq!(calls.calls.len(), 2);
}

#[test]
fn only_who_was_woken_is_polled_and_the_task_is_woken_once() {
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut cx = Context::from_waker(&waker);
    let (polls, mut wakers) = (Arc::new(AtomicUsize::new(0)), Vec::new());
    let (put, got) = mpsc::channel();
    let mut calls = InFlight::ordered();
    for _ in 0..3 {
        let (polls, put) = (polls.clone(), put.clone());
        calls.push(poll_fn(move |cx| {
            polls.fetch_add(1, Ordering::Relaxed);
            put.send(cx.waker().clone()).unwrap();
            Poll::<()>::Pending
        }));
    }
    assert!(calls.poll(&mut cx).is_pending());
    wakers.extend(got.try_iter());
    assert_eq!((polls.load(Ordering::Relaxed), wakers.len()), (3, 3));
    wakers[1].wake_by_ref();
    wakers[1].wake_by_ref();
    wakers[2].wake_by_ref();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert!(calls.poll(&mut cx).is_pending());
    assert_eq!(polls.load(Ordering::Relaxed), 5);
    assert!(calls.poll(&mut cx).is_pending());
    assert_eq!(polls.load(Ordering::Relaxed), 5);
}

#[test]
fn one_that_wakes_itself_lets_the_task_yield() {
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut polls = 0;
    let mut calls = InFlight::unordered();
    calls.push(poll_fn(|cx: &mut Context<'_>| {
        polls += 1;
        assert!(polls < 1000, "the poll does not come back");
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    }));
    assert!(calls.poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(count.0.load(Ordering::Relaxed) > 0, "it would never be polled again");
}

#[test]
fn the_waker_of_a_call_that_is_over_harms_nobody() {
    let mut cx = Context::from_waker(Waker::noop());
    let (put, got) = mpsc::channel();
    let mut calls: InFlight<Boxed<u8>> = InFlight::unordered();
    calls.push(Box::pin(poll_fn(move |cx| {
        put.send(cx.waker().clone()).unwrap();
        Poll::Ready(1)
    })));
    assert_eq!(calls.poll(&mut cx), Poll::Ready(Some(1)));
    let old = got.recv().unwrap();
    old.wake_by_ref();
    assert_eq!(calls.poll(&mut cx), Poll::Ready(None));
    // The slot is in the list: its next call is polled all the same, once it is there.
    calls.push(Box::pin(std::future::ready(2)));
    assert_eq!(calls.poll(&mut cx), Poll::Ready(Some(2)));
    calls.push(Box::pin(pending()));
    old.wake();
    assert_eq!(calls.poll(&mut cx), Poll::Pending);
}

#[test]
fn what_is_in_flight_is_dropped_with_it() {
    let mut held = Vec::new();
    let mut calls = InFlight::ordered();
    for n in 0..3u8 {
        let alive = Arc::new(());
        held.push(Arc::downgrade(&alive));
        calls.push(async move {
            if n > 0 {
                pending::<()>().await;
            }
            drop(alive);
        });
    }
    assert!(calls.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    let alive = || held.iter().filter(|one| one.strong_count() > 0).count();
    assert_eq!(alive(), 2);
    drop(calls);
    assert_eq!(alive(), 0);
}

/// Wakes from other threads: nothing is forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wakes_from_other_threads_are_never_lost() {
    for ordered in [false, true] {
        let mut calls: InFlight<Boxed<u64>> = if ordered { InFlight::ordered() } else { InFlight::unordered() };
        let (mut begun, mut came) = (0, Vec::new());
        while came.len() < 20_000 {
            while begun < 20_000 && calls.len() < 7 {
                let n = begun;
                begun += 1;
                calls.push(Box::pin(async move {
                    for _ in 0..n % 3 {
                        tokio::spawn(async {}).await.unwrap();
                    }
                    n
                }));
            }
            came.push(next(&mut calls).await.unwrap());
        }
        if !ordered {
            came.sort_unstable();
        }
        assert!(came.iter().copied().eq(0..20_000));
    }
}
