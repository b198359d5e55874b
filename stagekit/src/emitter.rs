//! The push style of a producer: `out.emit(event).await` waits for demand.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// Gives the events of a `#[producer]` that pushes to the pipeline.
///
/// ```
/// # use stagekit::prelude::*;
/// #[producer]
/// async fn ticks(out: Emitter<u32>) {
///     for n in 0..3 {
///         if out.emit(n).await.is_err() { return } // the pipeline is draining
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// # let summary = pipeline! { ticks => _ }.run().await?;
/// # assert_eq!(summary.stage("ticks").unwrap().events_out, 3); Ok(()) }
/// ```
#[derive(Debug)]
pub struct Emitter<T>(Arc<Mutex<Queue<T>>>);

#[derive(Debug)]
pub(crate) struct Queue<T> {
    pub(crate) events: Vec<T>,
    pub(crate) room: usize,
    stopped: bool,
    /// Any number of tasks may wait: none is forgotten, and one that was dropped meanwhile is woken in vain.
    emitting: Vec<Waker>,
    stopping: Vec<Waker>,
    collector: Option<Waker>,
}

/// The pipeline takes no more events: it is draining, or nobody consumes any longer. The event comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped<T>(
    /// The event that was not taken.
    pub T,
);

impl<T> fmt::Display for Stopped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pipeline takes no more events")
    }
}
impl<T: fmt::Debug> std::error::Error for Stopped<T> {}

impl<T> Emitter<T> {
    /// Gives one event, when there is demand for it.
    ///
    /// # Errors
    /// [`Stopped`], with the event, once the pipeline drains: return from the function then. To return it as the
    /// function's own error (`out.emit(event).await?`) ends the producer well.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready drops the event.
    pub async fn emit(&self, event: T) -> Result<(), Stopped<T>> {
        let mut event = Some(event);
        let mut gave_way = false;
        poll_fn(|cx| {
            let mut queue = self.lock();
            if queue.stopped {
                if !std::mem::replace(&mut gave_way, true) {
                    // A function that goes on emitting all the same gives others a turn, and an abort its moment.
                    drop(queue);
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                return Poll::Ready(match event.take() {
                    Some(event) => Err(Stopped(event)),
                    None => Ok(()),
                });
            }
            if queue.room == 0 {
                remember(&mut queue.emitting, cx.waker());
                return Poll::Pending;
            }
            queue.room -= 1;
            queue.events.extend(event.take());
            let collector = queue.collector.take();
            drop(queue);
            if let Some(collector) = collector {
                collector.wake();
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Returns when the pipeline takes no more events: for a function that waits for something else meanwhile.
    pub async fn stopped(&self) {
        poll_fn(|cx| {
            let mut queue = self.lock();
            if queue.stopped {
                return Poll::Ready(());
            }
            remember(&mut queue.stopping, cx.waker());
            Poll::Pending
        })
        .await;
    }

    pub(crate) fn new() -> Self {
        Emitter(Arc::new(Mutex::new(Queue {
            events: Vec::new(),
            room: 0,
            stopped: false,
            emitting: Vec::new(),
            stopping: Vec::new(),
            collector: None,
        })))
    }

    /// The loop's own end of it.
    pub(crate) fn other_end(&self) -> Self {
        Emitter(self.0.clone())
    }

    /// Takes what was emitted and allows as much more as is missing to `room` events.
    pub(crate) fn collect(&self, cx: &mut Context<'_>, room: usize, out: &mut Vec<T>) {
        let mut queue = self.lock();
        queue.room = room.saturating_sub(queue.events.len());
        out.append(&mut queue.events);
        queue.collector = Some(cx.waker().clone());
        let wakers = if queue.room > 0 { std::mem::take(&mut queue.emitting) } else { Vec::new() };
        drop(queue);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Takes what was emitted since.
    pub(crate) fn take(&self, out: &mut Vec<T>) {
        out.append(&mut self.lock().events);
    }

    pub(crate) fn stop(&self) {
        let mut queue = self.lock();
        queue.stopped = true;
        let emitting = std::mem::take(&mut queue.emitting);
        let stopping = std::mem::take(&mut queue.stopping);
        drop(queue);
        emitting.into_iter().chain(stopping).for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn remember(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|known| known.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}
