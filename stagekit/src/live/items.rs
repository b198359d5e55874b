//! An iterator as a live producer.

use crate::callbacks::{Answer, Callbacks, Context};
use crate::cancel::{Ended, Reason};
use crate::demand::Demand;
use crate::op::{Event, NoEvents};
use crate::subscribe::{Subscribe, Subscription};

/// A live producer of the items of an iterator (GenStage's `from_enumerable`).
///
/// It takes as many items as are wanted, no more, and ends normally when the last of them has been taken. An iterator
/// that blocks blocks its thread: give those to a function under [`blocking`](crate::Node::blocking).
///
/// ```
/// # use stagekit::live::{Items, live};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
/// let numbers = live(Items::new(0u64..).stop_on_cancel()).name("numbers").start().await?;
/// # drop(numbers); Ok(()) }
/// ```
#[derive(Debug)]
pub struct Items<I> {
    items: I,
    consumers: usize,
    stop_on_cancel: bool,
}

impl<I: Iterator> Items<I> {
    /// The items of this.
    pub fn new(items: impl IntoIterator<IntoIter = I>) -> Self {
        Items { items: items.into_iter(), consumers: 0, stop_on_cancel: false }
    }

    /// It ends when the last of its consumers has cancelled. The default is that it waits for another.
    pub fn stop_on_cancel(mut self) -> Self {
        self.stop_on_cancel = true;
        self
    }
}

impl<I: Iterator<Item: Event> + Send + 'static> Callbacks for Items<I> {
    type In = NoEvents;
    type Out = I::Item;
    type Info = ();
    const SYNC: bool = true;

    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<I::Item>) -> Answer {
        for _ in 0..demand.get() {
            match self.items.next() {
                Some(item) => cx.emit(item),
                None => {
                    cx.finish();
                    break;
                }
            }
        }
        Ok(())
    }

    fn on_subscriber(&mut self, _: &Subscribe<I::Item>, _: &Subscription) -> Answer {
        self.consumers += 1;
        Ok(())
    }

    async fn on_subscriber_cancel(&mut self, _: &Ended, _: &Subscription, cx: &mut Context<I::Item>) -> Answer {
        self.consumers = self.consumers.saturating_sub(1);
        if self.consumers == 0 && self.stop_on_cancel {
            cx.stop(Reason::Normal);
        }
        Ok(())
    }
}
