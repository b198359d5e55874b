//! One callback of a live stage, and what follows it.

use crate::callbacks::{Answer, Callbacks, Context};
use crate::cancel::{Cancel, Ended, Reason};
use crate::demand::Demand;
use crate::receipt::Events;
use crate::subscribe::Subscription;

/// A callback with its arguments.
pub(super) enum Step<S: Callbacks> {
    Start,
    Demand(Demand),
    Events(Events<S::In>, Subscription),
    Cancel(Ended, Subscription),
    SubscriberCancel(Ended, Subscription),
    Info(S::Info),
    Stop(Reason),
}

/// What is done when the callback has returned.
pub(super) enum After {
    Nothing,
    /// The stage has begun: its subscriptions are made.
    Started,
    /// The consumer's subscription is taken away, before anything is dispatched.
    Remove(u32, Ended),
    /// So many events have been handled; their receipts, if nobody took them, are shared by what came of them.
    Settle(usize),
    /// The mode of the subscription of this tag decides.
    Mode(Cancel, Ended, u64),
    /// `on_stop` was the last.
    Stopped,
}

/// Calls the callback.
pub(super) async fn call<S: Callbacks>(stage: &mut S, step: Step<S>, context: &mut Context<S::Out>) -> Answer {
    match step {
        Step::Start => stage.on_start(context).await,
        Step::Demand(demand) => stage.on_demand(demand, context).await,
        Step::Events(Events { values, receipts }, from) => {
            context.apart.receipts = receipts;
            stage.on_events(values, &from, context).await
        }
        Step::Cancel(ended, from) => stage.on_cancel(&ended, &from, context).await,
        Step::SubscriberCancel(ended, from) => stage.on_subscriber_cancel(&ended, &from, context).await,
        Step::Info(info) => stage.on_info(info, context).await,
        Step::Stop(reason) => {
            stage.on_stop(&reason).await;
            Ok(())
        }
    }
}
