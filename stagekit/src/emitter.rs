//! The push style of a producer: `out.emit(event).await` waits for demand.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use crate::lock::lock;

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
///
/// It is one end, and does not clone: several tasks, or callbacks of another library, share it in an `Arc`. The producer
/// ends when its function returns, so it waits for them.
///
/// ```
/// # use stagekit::prelude::*;
/// use std::sync::Arc;
///
/// #[producer]
/// async fn ticks(out: Emitter<u32>) {
///     let out = Arc::new(out);
///     let each = |n| { let out = out.clone(); tokio::spawn(async move { out.emit(n).await }) };
///     for task in (0..3).map(each).collect::<Vec<_>>() {
///         let _ = task.await;
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// # let summary = pipeline! { ticks => _ }.run().await?;
/// # assert_eq!(summary.stage("ticks").unwrap().events_out, 3); Ok(()) }
/// ```
pub struct Emitter<T>(Arc<Mutex<Queue<T>>>);

/// What is emitted while the producer's own function is not being polled, or not from there.
struct Queue<T> {
    events: Vec<T>,
    /// None while there is a desk: what is on the desk stands before all that comes here.
    room: usize,
    stopped: bool,
    /// The producer's own function is being polled: what it emits is collected when it has returned.
    polling: bool,
    /// Something was emitted while it was not, or looked for room that was on the desk: there is no desk next time.
    elsewhere: bool,
    /// Any number of tasks may wait: none is forgotten, and one that was dropped meanwhile is woken in vain.
    emitting: Vec<Waker>,
    stopping: Vec<Waker>,
    collector: Option<Waker>,
    /// Between two polls.
    desk: Option<Box<Desk<T>>>,
}

/// Where a producer's function puts its events while it is polled: no other thread sees it, so there is no lock.
struct Desk<T> {
    /// Whose events these are.
    of: usize,
    room: usize,
    events: Vec<T>,
}

thread_local! {
    /// The desk of the producer that is being polled on this thread.
    static DESK: RefCell<Option<Box<dyn Any + Send>>> = const { RefCell::new(None) };
}

impl<T> fmt::Debug for Emitter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Emitter")
    }
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

impl<T: 'static> Emitter<T> {
    /// Gives one event, when there is demand for it.
    ///
    /// While the producer's own function runs, all the demand may be its own: another task then waits until the function
    /// waits. A function that holds up its thread until another task has emitted something may wait for ever.
    ///
    /// # Errors
    /// [`Stopped`], with the event, once the pipeline drains: return from the function then. To return it as the
    /// function's own error (`out.emit(event).await?`) ends the producer well.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready drops the event.
    #[inline]
    pub async fn emit(&self, event: T) -> Result<(), Stopped<T>> {
        match self.put(event) {
            None => Ok(()),
            Some(event) => self.wait(event).await,
        }
    }

    /// Puts the event on the desk of this producer, if there is one here and room on it; else gives it back.
    #[inline]
    fn put(&self, event: T) -> Option<T> {
        let mut event = Some(event);
        let _ = DESK.try_with(|desk| {
            if let Ok(mut desk) = desk.try_borrow_mut()
                && let Some(desk) = desk.as_deref_mut().and_then(|desk| desk.downcast_mut::<Desk<T>>())
                && desk.of == self.address()
                && desk.room > 0
                && let Some(event) = event.take()
            {
                desk.room -= 1;
                desk.events.push(event);
            }
        });
        event
    }

    /// Puts the event into the queue.
    #[cold]
    async fn wait(&self, event: T) -> Result<(), Stopped<T>> {
        let mut event = Some(event);
        let mut gave_way = false;
        poll_fn(|cx| {
            // There may be a desk by now.
            event = event.take().and_then(|event| self.put(event));
            if event.is_none() {
                return Poll::Ready(Ok(()));
            }
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
            let collector = if queue.polling {
                None
            } else {
                queue.elsewhere = true;
                queue.collector.take()
            };
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
}

impl<T> Emitter<T> {
    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    pub(crate) fn new() -> Self {
        let queue = Queue {
            events: Vec::new(),
            room: 0,
            stopped: false,
            polling: false,
            elsewhere: false,
            emitting: Vec::new(),
            stopping: Vec::new(),
            collector: None,
            desk: None,
        };
        Emitter(Arc::new(Mutex::new(queue)))
    }

    /// The loop's own end of it.
    pub(crate) fn other_end(&self) -> Self {
        Emitter(self.0.clone())
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
        lock(&self.0)
    }
}

impl<T: Send + 'static> Emitter<T> {
    /// Takes what was emitted, and what `function`, the producer's own, emits as it is polled: as much more as is
    /// missing to `room` events.
    pub(crate) fn collect<R>(
        &self,
        cx: &mut Context<'_>,
        room: usize,
        out: &mut Vec<T>,
        function: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        let session = self.begin(cx, room, out);
        let result = function(cx);
        session.end(cx, out);
        result
    }

    fn begin(&self, cx: &mut Context<'_>, room: usize, out: &mut Vec<T>) -> Session<'_, T> {
        let mut queue = self.lock();
        out.append(&mut queue.events);
        let room = room.saturating_sub(out.len());
        queue.polling = true;
        // It is polled now: that it waits is no reason to wake it.
        queue.emitting.retain(|waker| room == 0 || !waker.will_wake(cx.waker()));
        let alone = !std::mem::take(&mut queue.elsewhere) && queue.emitting.is_empty();
        if alone && room > 0 && !queue.stopped {
            queue.room = 0;
            let mut desk =
                queue.desk.take().unwrap_or_else(|| Box::new(Desk { of: self.address(), room: 0, events: Vec::new() }));
            drop(queue);
            (desk.room, desk.events) = (room, std::mem::take(out));
            let mut desk: Option<Box<dyn Any + Send>> = Some(desk);
            let _ = DESK.try_with(|place| std::mem::swap(&mut *place.borrow_mut(), &mut desk));
            return Session { emitter: self, before: Some(desk) };
        }
        queue.room = room;
        let wakers = if room > 0 { std::mem::take(&mut queue.emitting) } else { Vec::new() };
        drop(queue);
        wakers.into_iter().for_each(Waker::wake);
        Session { emitter: self, before: None }
    }
}

/// The producer's function is being polled.
struct Session<'a, T: Send + 'static> {
    emitter: &'a Emitter<T>,
    /// What lay in the place of its desk, if it has one.
    before: Option<Option<Box<dyn Any + Send>>>,
}

impl<T: Send + 'static> Session<'_, T> {
    /// Takes the desk away.
    fn clear(&mut self) -> Option<Box<Desk<T>>> {
        let mut desk = self.before.take()?;
        let _ = DESK.try_with(|place| std::mem::swap(&mut *place.borrow_mut(), &mut desk));
        desk?.downcast().ok()
    }

    fn end(mut self, cx: &mut Context<'_>, out: &mut Vec<T>) {
        let desk = self.clear();
        let mut queue = self.emitter.lock();
        queue.polling = false;
        if let Some(mut desk) = desk {
            *out = std::mem::take(&mut desk.events);
            queue.room = desk.room;
            queue.desk = Some(desk);
        }
        // What lies here was emitted after what lay on the desk.
        out.append(&mut queue.events);
        if !queue.collector.as_ref().is_some_and(|collector| collector.will_wake(cx.waker())) {
            queue.collector = Some(cx.waker().clone());
        }
        // Whoever found no room although there is some left was somewhere else, or looked for the desk in the middle of
        // the poll of another producer, which had put its own in the place: the next poll goes without.
        let wakers = if queue.room > 0 { std::mem::take(&mut queue.emitting) } else { Vec::new() };
        queue.elsewhere |= !wakers.is_empty();
        drop(queue);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<T: Send + 'static> Drop for Session<'_, T> {
    fn drop(&mut self) {
        // After a panic: what was emitted is there to be counted.
        if let Some(mut desk) = self.clear() {
            self.emitter.lock().events.append(&mut desk.events);
        }
    }
}

fn remember(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|known| known.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}

#[cfg(test)]
#[path = "emitter/tests.rs"]
mod tests;
