//! Running stages as a `Stream`, and as the beginning of a pipeline.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{HasOutlet, LiveError, NO_PRODUCER, OutletRef};
use crate::batch::Batch;
use crate::cancel::{Cancel, Ended, Reason};
use crate::demand::Demand;
use crate::meter::unread;
use crate::node::{IntoNode, Node, Single};
use crate::op::Event;
use crate::producer::{More, Source};
use crate::receipt::{Events, Receipts};
use crate::stage::{Front, Inlet};
use crate::stream::{FromSource, from_source};
use crate::subscribe::Subscribe;
use crate::subscription::{Down, Inbox};

/// The events of running stages, as a `Stream`: what [`stream`] gives.
pub struct EventStream<T> {
    inlet: Inlet<T>,
    /// Subscriptions that are made with the first poll.
    wanted: Vec<(OutletRef<T>, Subscribe<T>)>,
    batch: std::vec::IntoIter<T>,
    receipts: Option<Receipts>,
    over: bool,
}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("over", &self.over).finish_non_exhaustive()
    }
}

impl<T> Unpin for EventStream<T> {}

/// Subscribes to running stages and streams their events (GenStage's `stream`): lazily, with the first poll.
///
/// It asks again when a batch has been taken, by the rules of a consumer. The stream ends when none of its
/// subscriptions is left. A producer that ends abnormally is an `Err` and the end of the stream, unless its
/// subscription is [`Temporary`](Cancel::Temporary); one that ends normally is just one less. An event's receipt is
/// acknowledged as it leaves the stream. Dropping the stream cancels its subscriptions; what has come and was not taken
/// fails its receipts.
///
/// ```
/// use futures::{StreamExt, TryStreamExt};
/// use stagekit::live::{Items, Subscribe, live, stream};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let numbers = live(Items::new(0u64..)).start().await?;
/// let first: Vec<u64> = stream([(&numbers.outlet(), Subscribe::new())])?.take(3).map(Result::unwrap).collect().await;
/// assert_eq!(first, [0, 1, 2]);
/// # numbers.stop(stagekit::live::Reason::Normal).await; Ok(()) }
/// ```
///
/// # Errors
/// Options that cannot work.
///
/// # Cancel safety
/// `next()` may be dropped: no event is lost by it.
pub fn stream<'a, T: Event>(
    to: impl IntoIterator<Item = (&'a OutletRef<T>, Subscribe<T>)>,
) -> Result<EventStream<T>, LiveError> {
    let mut stream = EventStream::new();
    for (outlet, options) in to {
        stream.want(outlet, options)?;
    }
    Ok(stream)
}

/// What an inlet that is polled by hand has heard.
enum Heard<T> {
    Batch(Events<T>),
    Ended(Ended, Cancel),
}

fn poll_heard<T: Event>(inlet: &mut Inlet<T>, cx: &mut Context<'_>) -> Poll<Heard<T>> {
    while let Some(message) = inlet.hear(cx) {
        match message {
            Down::Events { sub, batch } => inlet.queue_batch(sub, batch),
            Down::Ended { sub, ended } => inlet.queue_ended(sub, ended),
            Down::Subscribe(order) => inlet.subscribe(order, false),
            Down::Ask { tag, demand } => inlet.ask(tag, demand.get()),
            Down::Cancel { tag, reason, quiet } => inlet.cancel_one(tag, reason, quiet),
            Down::Note(_) => {}
        }
    }
    match inlet.front() {
        Some(Front::Batch) => match inlet.next_from() {
            Some((Batch::Owned(events), _)) => Poll::Ready(Heard::Batch(events)),
            // Nothing is lent to a subscription made at run time.
            _ => Poll::Pending,
        },
        Some(Front::Ended) => match inlet.next_ended() {
            Some((ended, _, mode)) => Poll::Ready(Heard::Ended(ended, mode)),
            None => Poll::Pending,
        },
        Some(Front::Info) | None => Poll::Pending,
    }
}

impl<T: Event> EventStream<T> {
    fn new() -> Self {
        let inlet = Inlet::new(Inbox::new(), Vec::new(), unread());
        EventStream { inlet, wanted: Vec::new(), batch: Vec::new().into_iter(), receipts: None, over: false }
    }

    fn want(&mut self, outlet: &OutletRef<T>, options: Subscribe<T>) -> Result<(), LiveError> {
        let wrong = |wrong: &str| LiveError::Options { stage: "stream".into(), wrong: wrong.into() };
        options.limits.resolve().map_err(|text| wrong(&text))?;
        if outlet.door.is_none() {
            return Err(wrong(NO_PRODUCER));
        }
        if options.manual {
            return Err(wrong("a stream asks by itself, as it is read: `manual` has no place in its options"));
        }
        self.wanted.push((outlet.clone(), options));
        Ok(())
    }

    /// One subscription more, at once; those that wait for the first poll are made first.
    ///
    /// # Errors
    /// Options that cannot work.
    pub fn subscribe(&mut self, to: &impl HasOutlet<T>, options: Subscribe<T>) -> Result<(), LiveError> {
        self.want(&to.outlet_ref(), options)?;
        self.subscribe_now();
        self.over = false;
        Ok(())
    }

    /// Subscribes before the first poll: to let a producer [`forward`](super::Live::forward) when everybody is there.
    pub fn subscribe_now(&mut self) {
        for (outlet, options) in std::mem::take(&mut self.wanted) {
            let manual = options.manual;
            if let Some(order) = outlet.order(options, None) {
                self.inlet.subscribe(order, manual);
            }
        }
    }
}

impl<T: Event> Stream for EventStream<T> {
    type Item = Result<T, Reason>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.subscribe_now();
        loop {
            if let Some(event) = this.batch.next() {
                if let Some(receipt) = this.receipts.as_mut().and_then(Receipts::pop) {
                    receipt.settle(true);
                }
                this.inlet.settle(1);
                return Poll::Ready(Some(Ok(event)));
            }
            if this.over || this.inlet.is_ended() && this.inlet.subscriptions() == 0 {
                this.over = true;
                return Poll::Ready(None);
            }
            match poll_heard(&mut this.inlet, cx) {
                Poll::Ready(Heard::Batch(events)) => {
                    this.receipts = events.receipts;
                    this.batch = events.values.into_iter();
                }
                Poll::Ready(Heard::Ended(ended, mode)) => {
                    let reason = ended.reason();
                    let refused = matches!(reason, Reason::Refused(_)) && mode != Cancel::Temporary;
                    if !reason.is_normal() && (mode.ends(reason) || refused) {
                        this.over = true;
                        this.inlet.cancel(&Ended::Cancelled(Reason::Normal));
                        return Poll::Ready(Some(Err(reason.clone())));
                    }
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T> Drop for EventStream<T> {
    fn drop(&mut self) {
        self.inlet.cancel(&Ended::Cancelled(Reason::Normal));
    }
}

/// The events of a running stage, for a pipeline: it asks for what the pipeline asks for, and keeps nothing itself.
pub struct Subscribed<T> {
    outlet: OutletRef<T>,
    inlet: Inlet<T>,
    outstanding: usize,
    subscribed: bool,
}

impl<T: Event> Source<T> for Subscribed<T> {
    fn poll_events(&mut self, cx: &mut Context<'_>, demand: Demand, out: &mut Events<T>) -> Poll<More> {
        if !std::mem::replace(&mut self.subscribed, true)
            && let Some(order) = self.outlet.order(Subscribe::new(), None)
        {
            self.inlet.subscribe(order, true);
        }
        if demand.get() > self.outstanding {
            let more = demand.get() - self.outstanding;
            self.outstanding += self.inlet.ask_all(more);
        }
        match poll_heard(&mut self.inlet, cx) {
            Poll::Ready(Heard::Batch(events)) => {
                self.inlet.settle(events.len());
                self.outstanding = self.outstanding.saturating_sub(events.len());
                out.append(events);
                Poll::Ready(More::Yes)
            }
            Poll::Ready(Heard::Ended(ended, _)) => {
                if !ended.reason().is_normal() {
                    tracing::warn!(reason = %ended.reason(), "the stage that feeds a pipeline has ended");
                }
                Poll::Ready(More::Ended)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn stop(&mut self) -> More {
        if !self.subscribed {
            return More::Ended;
        }
        // What is on its way is still taken: the producer says when that was all.
        self.inlet.cancel_all(&Reason::Normal);
        More::Yes
    }
}

/// In braces, `{ counter.outlet() } => ..`: the pipeline subscribes to the running stage, and ends with it.
impl<T: Event> IntoNode for OutletRef<T> {
    type Stage = FromSource<Subscribed<T>, T>;
    type Workers = Single;
    fn into_node(self) -> Node<Self::Stage> {
        let inlet = Inlet::new(Inbox::new(), Vec::new(), unread());
        from_source(Subscribed { outlet: self, inlet, outstanding: 0, subscribed: false }).name("outlet")
    }
}
