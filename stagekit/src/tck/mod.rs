//! A conformance kit: the rules of [Reactive Streams 1.0.4][rs] and stagekit's own laws, as checks that anyone can run on
//! a stage, a dispatcher or a source of their own. With the feature `tck`, for `[dev-dependencies]`.
//!
//! ```
//! use stagekit::prelude::*;
//! use stagekit::tck;
//!
//! #[producer_consumer]
//! fn double(n: u64) -> u64 { n * 2 }
//!
//! // A module of tests, one for each rule:
//! stagekit::tck_transform!(double_conforms, tck::transform(
//!     |n| n,                                                   // makes the event of a number
//!     // What is tested, between two probes:
//!     |input, output: tck::Probe<u64>| pipeline! { { input } => double => { output } },
//! ));
//!
//! // Or all at once, in a test of yours: the rules that are broken, by number.
//! # fn main() {
//! let given = tck::transform(|n| n, |input, output: tck::Probe<u64>| pipeline! { { input } => double => { output } });
//! given.check_all().unwrap();
//! # }
//! ```
//!
//! | under test | function | tests |
//! |---|---|---|
//! | whatever emits in a pipeline: a node, a live stage in braces, a source, several stages | [`producer()`] | [`tck_producer!`](crate::tck_producer) |
//! | a live producer that runs by itself and is subscribed to | [`live_producer`] | [`tck_producer!`](crate::tck_producer) |
//! | whatever takes events in a pipeline; a live consumer by itself | [`consumer()`], [`live_consumer`] | [`tck_consumer!`](crate::tck_consumer) |
//! | whatever stands between, and makes one event of each | [`transform()`], [`live_transform`] | [`tck_transform!`](crate::tck_transform) |
//! | a [`Dispatch`](crate::dispatcher::Dispatch) | [`dispatcher()`] | [`tck_dispatcher!`](crate::tck_dispatcher) |
//! | a [`Source`](crate::Source) with receipts | [`source()`] | [`tck_source!`](crate::tck_source) |
//!
//! # Why so
//!
//! - The subject is a pipeline with a probe at its open end, in the language itself: so one function takes every shape
//!   that a stage can have, and no type has to be named.
//! - A rule is a test: a failing rule is one failing test with the rule's number in its name, as in the kit of
//!   Reactive Streams. `required_` holds for everyone. `optional_` is checked where the subject has what it needs (a way
//!   to fail, a way to be subscribed to as it runs), and passes where it does not.
//! - Each check brings its own runtime: `current_thread`, with the paused clock. It runs once as stages run outside of
//!   tests, and under several seeds of [`fuzz`](crate::test::fuzz()); the message names the seed. After each run no task is
//!   left.
//! - A filter is tested as a stage that lets everything through that the check makes; a stage that batches, as one that
//!   gives back what it gathered.
//!
//! # The rules
//!
//! | rule | where |
//! |---|---|
//! | 1.1 | `required_spec101`: producers, dispatchers, sources |
//! | 1.2 | `required_spec102`: producers, sources |
//! | 1.3, 2.7, 2.11 | by types: a stage and its half of a subscription are owned by one task (`&mut`); what crosses tasks is an inbox behind a lock. Models of the wire are in `tests/model` |
//! | 1.4 | `optional_spec104`, `required_spec104` |
//! | 1.5 | `required_spec105`, `optional_spec105` |
//! | 1.6, 1.7 | `required_spec107`: producers, sources; the probes fail at an event or a second end after the end, in every check |
//! | 1.8 | `required_spec108`; dispatchers in `required_spec101` |
//! | 1.9 | `optional_spec109`, `required_spec109` of dispatchers; before it is subscribed a consumer has no address to send to (by types) |
//! | 1.10 | by types: each subscription is made anew, with a number of its own |
//! | 1.11 | `optional_spec111`, three: dispatchers that [copy](Dispatching::copies) |
//! | 2.1 | `required_spec201`: consumers ask; producers send nothing unasked |
//! | 2.2 | `required_spec202`: dispatchers. A function that holds its thread belongs under [`blocking`](crate::Node::blocking) |
//! | 2.3 | by types: `on_cancel` and `on_stop` have no way to ask |
//! | 2.4 | `required_spec204`; asks after the end in `required_spec107` |
//! | 2.5, 2.12 | by types in a pipeline: each `=>` is made once, by the macro. A live stage may have several subscriptions, as in GenStage |
//! | 2.6 | `required_spec206`; no task is left after any check |
//! | 2.8 | `required_spec208` |
//! | 2.9 | `required_spec209`, two |
//! | 2.10 | `required_spec210`, two |
//! | 2.13 | `optional_spec213`; null by types |
//! | 3.1 | by types: asks and cancels are messages to the stage that owns the subscription; [`Subscription`](crate::live::Subscription) may be used by anyone |
//! | 3.2 | `required_spec302` |
//! | 3.3 | `required_spec303` |
//! | 3.4 | documented: an ask is a message and at most one wake-up |
//! | 3.5, 3.7 | `required_spec307`; from any thread in `required_spec315` |
//! | 3.6 | `required_spec306` |
//! | 3.8 | `required_spec308`: producers, dispatchers |
//! | 3.9 | `required_spec309`: nought is nothing, as in GenStage; less than that by types: demand is unsigned |
//! | 3.10, 3.11 | documented: only fused stages call one another, in a loop |
//! | 3.12 | `required_spec312`: producers, dispatchers |
//! | 3.13 | `required_spec313`: producers, consumers, dispatchers; events in `law11` |
//! | 3.14 | `optional_spec314` |
//! | 3.15, 3.16 | `required_spec315`: producers, sources |
//! | 3.17 | `required_spec317`: producers two, dispatchers |
//! | 4.1 | transforms obey all rules of producers and consumers: `as_producer`, `as_consumer` |
//! | 4.2 | `required_spec402`, two |
//! | laws | l01 with 1.1; l02 `law02`; l03 and l05 `law03`; l04 `law04`; l06 `law06`; l07 by types; l08 with 1.7; l09 with 1.11; l10 is the partition dispatcher's; l11 `law11`; l12 `law12` |
//!
//! [rs]: https://github.com/reactive-streams/reactive-streams-jvm/tree/v1.0.4#specification

pub mod consumer;
mod declare;
pub mod dispatcher;
mod names;
pub mod producer;
mod run;
pub mod source;
mod subject;
#[cfg(test)]
mod tests;
pub mod transform;

pub use dispatcher::{Dispatching, dispatcher};
use run::is_shuffled;
pub use run::{Failure, run};
pub use source::{Settled, Sourcing, source};
pub use subject::{
    Consumer, Probe, Producer, Transform, consumer, live_consumer, live_producer, live_transform, producer, transform,
};
