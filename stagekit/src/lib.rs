//! Demand-driven stages on tokio, and a language for graphs of them that the compiler checks.
//!
//! Annotate plain functions as stages, declare the topology in [`pipeline!`], and run it. Demand flows upstream, events
//! flow downstream, and nothing is sent that was not asked for.
//!
//! ```
//! use stagekit::prelude::*;
//!
//! /// Counts up.
//! #[producer]
//! fn counter(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> { range }
//!
//! /// Multiples of three are refused.
//! #[producer_consumer]
//! fn halve(n: u64) -> Result<u64, String> {
//!     if n % 3 == 0 { Err(format!("{n} is a multiple of three")) } else { Ok(n / 2) }
//! }
//!
//! #[consumer]
//! fn add(n: u64, sum: &mut u64) { *sum += n; }
//!
//! #[consumer]
//! fn complain(error: String, count: &mut u64) { let _ = error; *count += 1; }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), stagekit::Error> {
//!     let finished = pipeline! {
//!         let sum = add(0);
//!         let refused = complain(0);
//!
//!         counter(1..10)
//!             => halve else refused     // a subscription; an `Err` goes along the `else` edge
//!             -> |n| n + 1              // fused into the same task
//!             => sum;
//!     }
//!     .run().await?;
//!
//!     assert_eq!((finished.sum, finished.refused), (18, 3));
//!     println!("{finished}");           // the summary: events in, out and failed for every stage
//!     Ok(())
//! }
//! ```
//!
//! The functions stay functions: `halve(4)` is called and tested as before. The attribute adds a type of the same name,
//! and that type is what [`pipeline!`] wires.
//!
//! # Signatures
//!
//! They are read as they are written: spell the types out.
//!
//! | in the signature | meaning |
//! |---|---|
//! | first parameter `E` or `&E` | the event. Borrowed, a broadcast lends it to several stages without `Clone` (it must be `Sync` then) |
//! | first parameter `Vec<E>` or `&[E]`, with the attribute option `batch(size, every)` | a batch, of `size` events or what came within `every` (a `Duration`) of the first. Its outputs share the receipts of all of it, an `Err` fails all of it |
//! | `&T` | a shared resource: an argument of the stage in `pipeline!` (a `T` or an `Arc<T>`), one for all its workers |
//! | `&mut T` | state of one instance: an argument. With `#[state]` it is `Default`, with `#[state(init = ..)]` that expression, and no argument |
//! | another parameter by value, or a `&'static T` | configuration: cloned for each call; moved, in a producer |
//! | [`Demand`], in producers | called with how many events are wanted; returns `Vec<T>` (endless) or `Option<Vec<T>>` (`None` ends). Fewer than asked is owed: it is called again |
//! | [`Emitter<E>`](Emitter), in async producers | `out.emit(event).await` waits for demand; it returns an error once the pipeline drains, and the function returns then |
//! | returns `T`, `Option<T>`, `Result<T, E>` | one event, a filter, fallible. A producer without `Demand` or `Emitter` is called once |
//! | returns `impl Iterator<Item = T>`, `impl Stream<Item = T>`, `Vec<T>` | none, one or many events. Across `=>` an iterator or stream rests while demand is spent |
//! | `Result` around `Option`, `Vec`, `impl Iterator`; or `Item = Result<T, E>` | both |
//! | `async fn` | the same, awaited |
//!
//! Attribute options: `one`, `maybe`, `many`, `try` override what is read (an event that *is* a `Vec`, an alias of
//! `Result`, `Option` or `Vec` by another name, an iterator by its type, `Range<u64>`: the compiler asks for the word); `batch(size, every)`; `as = Name` names the type; `crate = path` names the crate.
//!
//! A stage may be generic: a type parameter that is not settled by the event alone is written where the stage stands,
//! `parse::<u64>` or `parse::<_>`. A stage may not be more visible than its types (`pub(crate) fn` for a `pub(crate)`
//! event), and shares its name with no module or type: rename one, or use `as = Name`. A function without an attribute
//! stands in a graph as a closure, `|e| helper(e)`; any other value in braces, `{ from_iter(items) }`.
//!
//! # Stages of several callbacks
//!
//! `#[stage]` on the `impl` of a type makes a stage of its methods. They stay plain methods, and are called and tested
//! as before; any other method is a helper. Nothing else is generated but [`live::Callbacks`], which says when each is
//! called.
//!
//! ```
//! use stagekit::live::{Context, Reason};
//! use stagekit::prelude::*;
//!
//! /// Counts up from where it is told.
//! #[derive(Default)]
//! struct Counter { next: u64 }
//!
//! #[stage]
//! impl Counter {
//!     fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
//!         let from = self.next;
//!         self.next += demand.get() as u64;
//!         (from..self.next).collect()
//!     }
//!     fn on_info(&mut self, next: u64, cx: &mut Context<u64>) {
//!         self.next = next;
//!         if next == 0 { cx.finish() }
//!     }
//!     fn on_stop(&mut self, reason: &Reason) { println!("{reason}") }
//! }
//!
//! assert_eq!(Counter::default().on_demand(Demand::new(2)), [0, 1]);
//! ```
//!
//! | method | takes, behind `&mut self` or `&self` | returns |
//! |---|---|---|
//! | `on_start` | | events |
//! | `on_demand`, of a producer | [`Demand`] | events in `Vec<T>`, `impl Iterator<Item = T>` or `Option<Vec<T>>` (`None` ends the stage) |
//! | `on_event` | the event, `E` or `&E`; `&Subscription` | events |
//! | `on_events`, instead of it | a batch, `Vec<E>` or `&[E]`; `&Subscription` | events |
//! | `on_subscribe`, not async | `&Subscribe<E>`, `&Subscription` | nothing or [`Asks`](live::Asks) |
//! | `on_subscriber`, not async | `&Subscribe<T>`, `&Subscription` | nothing |
//! | `on_cancel`, `on_subscriber_cancel` | `&Ended`, `&Subscription` | events |
//! | `on_info` | the info, `I` or `&I` | events |
//! | `on_discarded`, not async | `Vec<T>` or `&[T]` | nothing, or `bool`: whether to log a warning |
//! | `on_stop` | `&Reason` | nothing |
//!
//! The parameters come in any order, and all but the event may be left out. Where events are returned, they are so in
//! any shape that a function may return but a stream; nothing is a shape too, and a `&mut Context<T>` may be taken to
//! emit, to [`stop`](live::Context::stop) and to [`finish`](live::Context::finish) with. All but `on_discarded` and
//! `on_stop` may return a `Result` of that: an `Err` ends the stage. `on_event` is called for one event of a batch after
//! the other: an `Err` ends that too, and the rest of the batch is lost.
//!
//! What the stage takes and emits is read from the callbacks; the options `takes = T` and `emits = T` say it where types
//! have several names. `name = ".."` names the stage, which is the type's name otherwise; `crate = path` names the crate.
//!
//! # Graphs
//!
//! | in `pipeline!` | meaning |
//! |---|---|
//! | `a => b` | a subscription: `b` asks for events; where it runs is stagekit's choice ([`Node::own_task`]) |
//! | `a -> b` | fusion: one task, one loop, nothing in between |
//! | `a => [b, c]`, `a => all [b, c]` | every event to each of them; legs may be whole paths |
//! | `a => any [b, c]` | they share the work |
//! | `a => by \|e\| e.id [b.workers(4)]` | partitioned: events of one key go to one worker |
//! | `a => match { Event::Order(o) => b, Event::Log(l) if l.hot => c -> d, other => _ }` | branches: each event goes where its pattern says ([below](#branches)) |
//! | `[a, b] => c` | fan-in |
//! | `let c = stage; a => c; b => c;` | one instance for several edges; its state is `finished.c`, with `workers(n)` a `Vec` of n states. In the summary it has its function's name |
//! | `a else b => c` | the errors of `a` go to `b`; also `else [b, d]`, `else any [..]`, `else by \|e\| key [..]`, `else match { .. }`, `else _` |
//! | `a => feedback(64) b` | [a loop](crate#loops): back to `b`, which is bound with `let`; `else feedback(64) b` for errors |
//! | `a => _` | events are discarded |
//! | `a => ..`, `.. => b`, `.. => a => ..` | open ends: an [`Output`], an [`Input`], a [`Segment`] |
//! | `\|e\| ..`, `filter \|e\| ..`, `flat_map`, `try_map`, `inspect` | a closure as a stage |
//! | `{ from_iter(i) }`, `{ from_stream(s) }`, `{ segment() }` | an expression as a node |
//! | `a(x).workers(4).name("b")`, `(\|e\| ..).workers(4)` | options: the methods of [`Node`], with their defaults; a closure that has some stands in parentheses |
//! | `independent;`, first | several graphs that nothing connects run as one pipeline: the error of one ends all |
//! | `crate = path;`, first | the crate by another name; for a `macro_rules!` of yours, `$crate::path` |
//!
//! # Branches
//!
//! The branches of a `match` are Rust's own: the compiler says which pattern is missing, or can never be reached.
//!
//! ```
//! # use stagekit::prelude::*;
//! enum Event { Order { id: u64, price: u64 }, Log(String), Ping }
//! # #[producer] fn events() -> impl Iterator<Item = Event> {
//! #     [Event::Log("x".into()), Event::Order { id: 1, price: 3 }, Event::Ping].into_iter()
//! # }
//! #[consumer]
//! fn ship((id, price): (u64, u64), total: &mut u64) { *total += id * price; }
//! #[consumer]
//! fn note(line: String) { println!("{line}"); }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
//! let finished = pipeline! {
//!     let total = ship(0);
//!     events => match {
//!         Event::Order { id, price } => total,
//!         Event::Log(line) if line.is_empty() => _,
//!         Event::Log(line) => |line| line + "!" -> note,
//!         Event::Ping => _,
//!     }
//! }
//! .run().await?;
//! assert_eq!(finished.total, 3);
//! # Ok(()) }
//! ```
//!
//! - A branch sends what its pattern binds, by value: one name is that value, several are a tuple in the order of the
//!   text, none is `()`. `other => stage` sends the whole event, `x @ 1..=9` sends `x`, and alternatives (`A(x) | B(x)`)
//!   count once. An upper-case name is a constant or a variant. `_` discards: its events are done, and counted as filtered.
//! - A branch leads to anything that may stand behind `=>`: a path, a name bound with `let`, a list, `..`, another `match`.
//!   What its paths emit goes on behind the braces: `match { A(a) => x, b => y } => z`.
//! - The task of the stage before it decides (its workers take turns, a batch each); a guard owns what it captures, and a panic of one is the stage's.
//! - Each branch has its own demand, and what they want together may come. What nobody has asked for waits, as much as
//!   the branch's `max_demand`; then everything behind it waits, too, until it has caught up. Nothing is lost, and each
//!   branch keeps its order. The summary names a branch that held back the others.
//! - Several paths, or a leg of a list, need a stage before the `match`: `[a, b] => |e| e => match { .. }`. Twelve branches
//!   may lead to stages, and any number to `_`.
//!
//! # Graphs without the macro
//!
//! [`pipeline!`] expands to calls of the typed [`builder`], where every form stands beside what it becomes. Graphs that are
//! known only when the program runs, from a configuration file, are [`dynamic`] ones. Both are checked as the macro checks.
//!
//! Each form with its grammar and its picture is on the page [`guide::language`]; what the compiler says of mistakes, and what
//! to write instead, on [`guide::errors`].
//!
//! # Loops
//!
//! A graph leads on. The one edge that leads back says so, and how many events may go round at once:
//!
//! ```
//! # use stagekit::prelude::*;
//! #[producer_consumer]
//! fn fetch(page: u32) -> Result<String, u32> {
//!     if page < 10 { Err(page + 10) } else { Ok(format!("page {page}")) }    // not here: try another
//! }
//! #[consumer]
//! fn store(text: String, found: &mut Vec<String>) { found.push(text); }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
//! let finished = pipeline! {
//!     let fetch = fetch else [filter |page: &u32| *page < 20 => feedback(64) fetch];
//!     let found = store(Vec::new());
//!     { from_iter([1, 12]) } => fetch => found
//! }
//! .run().await?;
//! assert_eq!(finished.found.len(), 2);
//! # Ok(()) }
//! ```
//!
//! - `feedback(n) name` leads back to a stage that is bound with `let`, and that something else leads into. A cycle
//!   without it is a compile error.
//! - It always takes what comes, so that a loop cannot wait for itself. What has come rests there until `name` asks for
//!   it; `name` takes it before anything new.
//! - `n` events are in the loop at once, wherever in it they are; new ones wait outside. So it can overflow only where a
//!   stage in the loop makes several events of one. Then `feedback(n)`, which is `feedback(n, fail)`, ends the pipeline
//!   with an error; `feedback(n, drop_oldest)` and `feedback(n, drop_newest)` discard, count and log, and the receipts of
//!   what they discard fail. What `name` has asked for does not count, so `n` is exact where `name` has a `max_demand`;
//!   [`builder::feedback`] says what it asks for without. Where loops share stages, the smallest `n` is that of all of them.
//! - The pipeline ends when nothing more can come from outside and the loop is empty; [drained](Running::drain) too,
//!   nothing that goes round is lost. Batches in a loop are handled before they are full when everything in it waits for
//!   them. Events that go round for ever keep a pipeline running: a `drain` aborts it when its time is over.
//! - No order is kept between events that go round and others, and a stage of callbacks cannot stand in a loop.
//!
//! # How it ends
//!
//! A finite source ends the pipeline. A stage that returns `Err` sends the error along its `else` edge; without one the
//! stage's policy decides: [`stop()`](stop) (the default) ends the pipeline with that error and the stage's name,
//! [`skip()`](skip) and [`retry(n, backoff)`](retry) go on. A panic is contained and handled by the same policy. On a
//! stop, upstream is cancelled and what is already downstream finishes. [`Running::drain`] stops the producers and
//! finishes everything in flight; [`Running::abort`] and dropping the [`Running`] stop now, and what was lost is counted.
//!
//! In a fused run a panic is the whole run's, and is skipped only if each of its stages says so; and what one event
//! becomes goes through the run before the next edge can hold it back.
//!
//! A running pipeline can be watched, drained and stored (its type is [`Running`], `Running<T>` where there are states):
//!
//! ```
//! # use stagekit::prelude::*;
//! # use std::time::Duration;
//! # #[producer] fn counter() -> impl Iterator<Item = u64> { 0.. }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
//! let running = pipeline! { counter => _ }.spawn();
//! let handle = running.handle();                        // clones, and is `Send`
//! # #[cfg(feature = "signal")]
//! handle.drain_on_signal(Duration::from_secs(10));      // Ctrl-C and SIGTERM finish what is in flight
//! println!("{}", handle.summary());                     // live
//! handle.drain(Duration::from_secs(10));                // from anywhere, also another thread
//! let summary = running.await?;
//! # let _ = summary; Ok(()) }
//! ```
//!
//! # Pictures
//!
//! A pipeline shows its graph: `println!("{pipeline}")` is a tree of text, [`Pipeline::topology`] has everything as data, and
//! as SVG, Mermaid and DOT; see [`topology`]. A [`Segment`], an [`Input`], an [`Output`] and a [`Running`] have one, too.
//! The attribute [`picture`] draws it in `cargo doc`:
//!
//! ```
//! # use stagekit::prelude::*;
//! /// Counts.
//! #[stagekit::picture]
//! fn count() -> Pipeline {
//!     pipeline! { { from_iter(1..10u64) } => |n| n * n => |n: u64| println!("{n}") }
//! }
//!
//! assert_eq!(count().to_string(), "\
//! from_iter(1..10u64)   u64
//! => map |n| n * n      u64
//! => each |n: u64| println!(\"{n}\")");
//! ```
//!
//! **What the macros expand to** is written by `STAGEKIT_DUMP=1 cargo check`: one file in `target/stagekit` for each
//! `pipeline!` and each attribute, named by where it stands (`src-main-30-20-pipeline.rs`), with one line for each edge; the
//! build says where they went. Another value is the folder to write to, and `stderr` prints them. A crate with a `pipeline!`
//! is built again when the variable changes; others when they are touched.
//!
//! # Receipts
//!
//! A source that can acknowledge gives each event a receipt ([`Events`], [`Acknowledger`]). Plain functions never see
//! it: it travels beside the events, is shared by what an event becomes, and is settled exactly once, when the last
//! effect is done; an event that failed, or was dropped, fails it. [`memory::queue`] is such a source, for tests.
//!
//! What `=> _` discards is acknowledged. A pipeline warns of it when it starts, if its source
//! [says](Source::acknowledges) that an acknowledgement means something. Where it is enough that an event gets there, end
//! the path in a consumer: `=> |_| ()`.
//!
//! # Runtimes
//!
//! Any tokio runtime with its timer enabled, `current_thread` or `multi_thread`; [`Pipeline::run_blocking`] brings its
//! own.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch;
mod buffer;
pub mod builder;
mod callbacks;
mod cancel;
mod caught;
// Hidden from the documentation only: the compiler shortens the path of what is not hidden from it.
#[cfg_attr(doc, doc(hidden))]
pub mod checks;
// Hidden from the documentation only: the compiler shortens the path of what is not hidden from it.
#[cfg_attr(doc, doc(hidden))]
pub mod closure;
mod demand;
pub mod dispatcher;
pub mod dynamic;
mod emitter;
mod error;
mod fuzz;
pub mod genstage;
pub mod guide;
mod hash;
mod host;
mod in_flight;
mod inbox;
mod intensity;
pub mod live;
mod lock;
pub mod memory;
mod meter;
mod node;
pub mod op;
mod open;
mod options;
mod outbox;
mod outline;
mod picture;
mod pipeline;
mod port;
pub mod producer;
mod quota;
mod receipt;
mod ring;
mod run;
mod side;
#[cfg(feature = "signal")]
pub mod signal;
mod slot;
mod stage;
mod stream;
mod subscribe;
mod subscription;
mod sync;
#[cfg(feature = "tck")]
pub mod tck;
mod telemetry;
#[cfg(any(test, feature = "test"))]
pub mod test;
pub mod topology;
mod tuner;
mod wrap;

pub use demand::Demand;
pub use emitter::{Emitter, Stopped};
pub use error::{BoxError, Error};
pub use node::{InitialState, IntoNode, Node, OnError, Retry, Several, Single, retry, skip, stop};
pub use options::{Edge, Overflow, Policy, Restart};
pub use outbox::Outbox;
pub use pipeline::Pipeline;
pub use producer::{More, Source};
pub use receipt::{Acknowledger, Events, Receipts};
pub use stage::{Handle, Running};
pub use stream::{FromIter, FromSource, FromStream, Input, Output, Segment, from_iter, from_source, from_stream};
pub use telemetry::{HotPartition, StageSummary, Summary};
pub use topology::Topology;
pub use wrap::{Repeats, Retrying, Timed};

/// Makes a function a stage that takes events and emits none: see [the crate](crate#signatures).
pub use stagekit_macros::consumer;
/// One node of the language as a value, for the [`builder`] and for [`dynamic`] graphs: `node!(add(0).workers(4))`.
///
/// What may stand in it is what may stand in [`pipeline!`]: a stage with its arguments and options, or a value in braces.
/// A closure hangs on a port ([`builder::map`]), and `else` is an edge ([`builder::errors`]).
pub use stagekit_macros::node;
/// Draws the pipelines of a function or static in its documentation.
///
/// The picture appears in `cargo doc`, below what you wrote, under the heading "Pipeline". It is made from the text of each
/// `pipeline!` in the item: names, options and edges are there, the types of events are not; those are in
/// [`Pipeline::topology`].
///
/// ```
/// use stagekit::prelude::*;
///
/// /// Counts.
/// #[stagekit::picture]
/// fn count() -> Pipeline {
///     pipeline! { { from_iter(1..10u64) } => |n| n * n => |n: u64| println!("{n}") }
/// }
/// # let _ = count();
/// ```
pub use stagekit_macros::picture;
/// The graph of a pipeline: see [the crate](crate#graphs).
pub use stagekit_macros::pipeline;
/// Makes a function a stage that starts a path: see [the crate](crate#signatures).
pub use stagekit_macros::producer;
/// Makes a function a stage that takes events and emits events: see [the crate](crate#signatures).
pub use stagekit_macros::producer_consumer;
/// Makes a type with several callbacks a stage: see [the crate](crate#stages-of-several-callbacks).
pub use stagekit_macros::stage;

pub mod prelude {
    //! Everything a program with a pipeline needs.
    pub use crate::{
        Demand, Edge, Emitter, Error, Handle, Input, Output, Overflow, Pipeline, Policy, Restart, Running, Segment,
        Summary, consumer, from_iter, from_stream, pipeline, producer, producer_consumer, retry, skip, stage, stop,
    };
}
#[doc(hidden)]
pub mod __private {
    //! What the macros name. No promise is made about it.
    pub use crate::builder::*;
    pub use crate::checks;
    pub use crate::closure::collect;
    pub use crate::node::{Node, Single};
    pub use crate::op::*;
    pub use crate::outbox::Outbox;
    pub use crate::pipeline::{Pipeline, drawn};
    pub use crate::producer::{Opens, Polled, Producer};
    pub use crate::stage::{LiveStage, live_node};
    pub use crate::telemetry::Summary;
    pub use crate::topology::{Called, Drawing, Spot};
    pub use crate::{Demand, Emitter};

    pub mod words {
        //! The options of the attributes: an editor completes them, and shows what stands here.
        pub mod function {
            /// `batch(size, every)`: the stage takes a `Vec<E>` or a `&[E]` of at most `size` events, or what has come
            /// within `every` of the first.
            pub mod batch {}
            /// `one`: what the function returns is one event, also where it is an `Option` or a `Vec`.
            pub mod one {}
            /// `maybe`: what the function returns is none or one event, whatever the type is called.
            pub mod maybe {}
            /// `many`: what the function returns is a list of events, whatever the type is called.
            pub mod many {}
            /// `try`: what the function returns is a `Result`, whatever it is called.
            pub mod r#try {}
            /// `as = Name`: the name of the stage's type, where that of the function is taken.
            pub mod r#as {}
        }
        pub mod stage {
            /// `name = ".."`: the stage's name in summaries, logs and errors.
            pub mod name {}
            /// `takes = T`: the events it takes, where the callbacks do not say it.
            pub mod takes {}
            /// `emits = T`: the events it emits, where the callbacks do not say it.
            pub mod emits {}
        }
    }
}
