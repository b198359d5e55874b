//! What a producer's function emits, wherever it is polled and whoever else emits.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{DESK, Emitter};

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// A producer's function, polled as the loop polls it.
struct Function {
    emitter: Emitter<u64>,
    working: Pin<Box<dyn Future<Output = ()> + Send>>,
    woken: Arc<Count>,
    /// What it was asked for before and has not given.
    left: usize,
    ended: bool,
}

impl Function {
    fn new<Fut: Future<Output = ()> + Send + 'static>(run: impl FnOnce(Emitter<u64>) -> Fut) -> Self {
        let emitter = Emitter::new();
        let working = Box::pin(run(emitter.other_end()));
        Function { emitter, working, woken: Arc::default(), left: 0, ended: false }
    }

    /// One poll for `room` events.
    fn turn(&mut self, room: usize) -> Vec<u64> {
        let waker = Waker::from(self.woken.clone());
        let (mut out, working) = (Vec::new(), self.working.as_mut());
        let polled = self.emitter.collect(&mut Context::from_waker(&waker), room, &mut out, |cx| working.poll(cx));
        self.ended = polled.is_ready();
        let most = room.max(self.left);
        assert!(out.len() <= most, "{} events for a demand of {most}", out.len());
        self.left = room.saturating_sub(out.len());
        out
    }
}

fn no_desk() -> bool {
    DESK.with(|desk| desk.borrow().is_none())
}

async fn count(out: &Emitter<u64>, from: u64, to: u64) {
    for n in from..to {
        if out.emit(n).await.is_err() {
            return;
        }
    }
}

/// Polls `future` once with a waker of its own, and says how often it has been woken since.
fn elsewhere<Fut: Future + ?Sized>(future: Pin<&mut Fut>, woken: &Arc<Count>) -> Poll<Fut::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(woken.clone())))
}

#[test]
fn each_poll_gives_what_there_is_room_for() {
    let mut function = Function::new(|out| async move { count(&out, 0, 10).await });
    assert_eq!(function.turn(0), []);
    assert_eq!(function.turn(3), [0, 1, 2]);
    assert_eq!(function.turn(1), [3]);
    assert_eq!(function.turn(0), []);
    assert_eq!(function.turn(9), [4, 5, 6, 7, 8, 9]);
    assert!(function.ended && no_desk());
}

#[test]
fn the_order_is_kept_when_the_handle_goes_elsewhere_and_back() {
    let (there, mut came) = tokio::sync::mpsc::unbounded_channel::<Emitter<u64>>();
    let (back, mut home) = tokio::sync::mpsc::unbounded_channel();
    let mut function = Function::new(|out| async move {
        count(&out, 0, 2).await;
        there.send(out).unwrap();
        let out: Emitter<u64> = home.recv().await.unwrap();
        count(&out, 4, 6).await;
    });
    assert_eq!(function.turn(4), [0, 1]);
    let emitter = came.try_recv().unwrap();
    let other = Arc::new(Count::default());
    {
        // It has what room is left, and wakes the loop.
        let mut task = Box::pin(count(&emitter, 2, 4));
        assert!(elsewhere(task.as_mut(), &other).is_ready());
    }
    assert!(function.woken.take() > 0);
    back.send(emitter).unwrap();
    function.woken.take();
    assert_eq!(function.turn(4), [2, 3, 4, 5]);
    assert!(function.ended);
}

#[test]
fn two_emitters_of_one_function_take_turns_as_they_are_polled() {
    let mut function = Function::new(|out| async move {
        tokio::join!(count(&out, 0, 20), count(&out, 100, 120));
    });
    let mut got = Vec::new();
    for room in (0..).map(|turn| turn % 4) {
        got.extend(function.turn(room));
        if function.ended {
            break;
        }
        assert!(room > 0 || got.len() < 40);
    }
    let (low, high): (Vec<_>, Vec<_>) = got.into_iter().partition(|n| *n < 100);
    assert_eq!(low, (0..20).collect::<Vec<_>>());
    assert_eq!(high, (100..120).collect::<Vec<_>>());
}

#[test]
fn a_panic_leaves_what_was_emitted_to_be_counted() {
    let mut function = Function::new(|out| async move {
        count(&out, 0, 3).await;
        panic!("on purpose");
    });
    assert!(catch_unwind(AssertUnwindSafe(|| function.turn(8))).is_err());
    assert!(no_desk(), "the place is as it was");
    let mut left = Vec::new();
    function.emitter.take(&mut left);
    assert_eq!(left, [0, 1, 2]);
}

#[test]
fn a_producer_inside_the_poll_of_another_has_its_own_desk() {
    let mut function = Function::new(|out| async move {
        count(&out, 0, 2).await;
        let mut inner = Function::new(|out| async move { count(&out, 50, 55).await });
        assert_eq!(inner.turn(2), [50, 51]);
        count(&out, 2, 3).await;
        assert_eq!(inner.turn(9), [52, 53, 54]);
        let mut inner = Function::new(|out| async move {
            count(&out, 60, 61).await;
            panic!("on purpose");
        });
        assert!(catch_unwind(AssertUnwindSafe(|| inner.turn(2))).is_err());
        count(&out, 3, 5).await;
    });
    assert_eq!(function.turn(3), [0, 1, 2]);
    assert_eq!(function.turn(8), [3, 4]);
    assert!(function.ended && no_desk());
}

#[test]
fn the_inner_producer_may_emit_to_the_outer_one() {
    let mut function = Function::new(|out| async move {
        let out = Arc::new(out);
        let to = out.clone();
        let mut inner = Function::new(|own| async move {
            for n in 0..3 {
                own.emit(n).await.unwrap();
                to.emit(n + 10).await.unwrap();
            }
        });
        std::future::poll_fn(|cx| {
            // With the waker of the outer one.
            let (emitter, working, mut own) = (&inner.emitter, inner.working.as_mut(), Vec::new());
            emitter.collect(cx, 9, &mut own, |cx| working.poll(cx))
        })
        .await;
    });
    let (mut got, mut turns) = (Vec::new(), 0);
    loop {
        got.extend(function.turn(9));
        turns += 1;
        if function.ended {
            break;
        }
        assert!(turns < 10 && function.woken.take() > 0, "it waits although there is room");
    }
    assert_eq!(got, [10, 11, 12]);
}

#[test]
fn another_thread_emits_while_the_loop_polls() {
    const EACH: u64 = 2000;
    let mut function = Function::new(|out| async move {
        let out = Arc::new(out);
        let threads: Vec<_> = [1, 2].map(|n| (out.clone(), n * 10_000)).into_iter().collect();
        let threads: Vec<_> = threads
            .into_iter()
            .map(|(out, from)| std::thread::spawn(move || futures::executor::block_on(count(&out, from, from + EACH))))
            .collect();
        for n in 0..EACH {
            out.emit(n).await.unwrap();
            if n % 7 == 0 {
                tokio::task::yield_now().await;
            }
        }
        // The others wait for the loop, which must go round in the meantime.
        while threads.iter().any(|thread| !thread.is_finished()) {
            std::thread::yield_now();
            tokio::task::yield_now().await;
        }
    });
    let mut got: Vec<u64> = Vec::new();
    for room in (1..).map(|turn| turn % 5) {
        got.extend(function.turn(room));
        if function.ended {
            break;
        }
    }
    function.emitter.take(&mut got);
    for from in [0, 10_000, 20_000] {
        let of: Vec<_> = got.iter().copied().filter(|n| n / 10_000 == from / 10_000).collect();
        assert_eq!(of, (from..from + EACH).collect::<Vec<_>>());
    }
}

#[test]
fn who_waits_elsewhere_is_woken_when_the_function_leaves_room() {
    let mut function = Function::new(|out| async move {
        let out = Arc::new(out);
        let other = Arc::new(Count::default());
        let to = out.clone();
        let mut task = Box::pin(async move { count(&to, 5, 6).await });
        // Another thread: there is no desk.
        let (mut task, waiting) = std::thread::spawn({
            let other = other.clone();
            move || {
                let waiting = elsewhere(task.as_mut(), &other).is_pending();
                (task, waiting)
            }
        })
        .join()
        .unwrap();
        assert!(waiting);
        count(&out, 0, 1).await;
        let mut first = true;
        std::future::poll_fn(|_| if std::mem::take(&mut first) { Poll::Pending } else { Poll::Ready(()) }).await;
        assert_eq!(other.take(), 1);
        assert!(elsewhere(task.as_mut(), &other).is_ready());
    });
    assert_eq!(function.turn(2), [0]);
    assert_eq!(function.turn(2), [5]);
    assert!(function.ended);
}
