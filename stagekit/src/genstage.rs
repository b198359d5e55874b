//! From GenStage to stagekit: every feature of GenStage 1.3.2 and its place here, its defects, and the rules that we
//! have changed on purpose. There is no code in this module: it is for whoever knows GenStage, or ports something.
//!
//! stagekit has two surfaces. A [`pipeline!`](crate::pipeline) is a graph that is known when it is compiled: it is
//! checked, started, and ended as a whole, and most of what a supervision tree of GenStages is written for is one of
//! its properties. [`live`](crate::live) is GenStage's own way of working, one stage after the other, and what this page
//! is about: both run on the same dispatchers, buffers and rules of demand, and can subscribe to each other.
//!
//! # In one example
//!
//! ```
//! use stagekit::live::{LiveError, Reason, Subscribe, live};
//! use stagekit::prelude::*;
//!
//! /// `{:producer, 0}`
//! struct Counter(u64);
//!
//! #[stage]
//! impl Counter {
//!     fn on_demand(&mut self, demand: Demand) -> Vec<u64> {     // handle_demand/2
//!         let from = self.0;
//!         self.0 += demand.get() as u64;
//!         (from..self.0).collect()
//!     }
//! }
//!
//! /// `{:producer_consumer, :ok}`
//! struct Doubler;
//!
//! #[stage]
//! impl Doubler {
//!     fn on_events(&mut self, events: Vec<u64>) -> Vec<u64> {   // handle_events/3
//!         events.into_iter().map(|n| n * 2).collect()
//!     }
//! }
//!
//! /// `{:consumer, 0}`
//! struct Sum(u64);
//!
//! #[stage]
//! impl Sum {
//!     async fn on_event(&mut self, n: u64) {                    // or one event at a time
//!         self.0 += n;
//!     }
//!     fn on_stop(&mut self, reason: &Reason) {                  // terminate/2
//!         println!("{} ({reason})", self.0);
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), LiveError> {
//!     let counter = live(Counter(0)).start().await?;            // start_link/3
//!     let doubler = live(Doubler).start().await?;
//!     let sum = live(Sum(0)).start().await?;
//!
//!     // sync_subscribe(sum, to: doubler, max_demand: 10), and so on
//!     sum.subscribe(&doubler, Subscribe::new().max_demand(10)).await?;
//!     doubler.subscribe(&counter, Subscribe::new().max_demand(10).min_demand(0)).await?;
//!
//!     // call/3: a function between two callbacks, whatever it returns
//!     while sum.call(|sum, _| sum.0).await? < 1000 {
//!         tokio::task::yield_now().await;
//!     }
//!     assert_eq!(doubler.status().await?.consumers, 1);
//!
//!     // The producer ends; its permanent consumers finish what has come, and end too.
//!     counter.stop(Reason::Normal).await;
//!     assert!(sum.ended().await.is_normal());
//!     assert_eq!(sum.summary().events_in, counter.summary().events_out - counter.summary().discarded);
//!     Ok(())
//! }
//! ```
//!
//! # Every feature
//!
//! ## Kinds of stages, and how they begin
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 1 | `:producer` | a [`#[stage]`][stage] with [`on_demand`], which emits and takes nothing | the kind is read from the callbacks and their types. In a graph also [`#[producer]`][producer] on a function |
//! | 2 | `:consumer` | a stage with [`on_events`] (or, one by one, `on_event`) that returns nothing | to emit something does not compile: there is no log of dropped events. In a graph also [`#[consumer]`][consumer] |
//! | 3 | `:producer_consumer` | a stage that takes and emits | `on_demand` on it does not compile. In a graph also [`#[producer_consumer]`][producer_consumer] |
//! | 4 | `init/1`: `{kind, state, opts}`, `:ignore`, `{:stop, reason}` | the value that is given to [`live`](crate::live::live), and [`on_start`] | an `Err` of `on_start`, or [`Context::stop`], is the error of [`Start::start`]; `on_stop` is not called then, as `terminate` is not. No `:ignore`: not to start something is an `if` |
//! | 5 | `demand: :forward \| :accumulate` | [`Start::accumulate`] | stages in the middle can, too |
//! | 6 | `buffer_size` | [`Start::buffer`], 10 000 events | a stage in the middle has no bound unless it is given another policy than [`Overflow::Wait`]: it holds what comes of the events it has asked for. `:infinity` is `usize::MAX`; 0 is an error |
//! | 7 | `buffer_keep: :last \| :first` | [`Overflow`]: `DropOldest`, `DropNewest`, and `Wait`, `Fail` | the default is to wait, and to lose nothing |
//! | 8 | `dispatcher` | [`Start::dispatcher`] | in a graph the dispatcher is the form of the edge: `=>`, `any`, `[..]`, `by` |
//! | 9 | `subscribe_to` in `init` | [`Start::subscribe_to`], in the order of the calls | bad options keep the stage from starting (Q7) |
//! | 10 | `{:error, {:bad_opts, ..}}` | types; what they cannot say is [`LiveError::Options`] | the text names the stage, the value and the remedy. In a graph literals are checked by the compiler |
//!
//! ## Callbacks
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 11 | `handle_demand/2` | [`on_demand`] | the same: told once, never nought, fewer or more events may be returned. (A function that takes a [`Demand`], in a graph, is called again for what it owes) |
//! | 12 | `handle_events/3` | [`on_events`], `on_event` | it may be `async`. `from` is a [`Subscription`], which can ask and cancel |
//! | 13 | `handle_subscribe/4` | [`on_subscribe`] in the consumer, [`on_subscriber`] in the producer | `:manual` is [`Asks::Manually`]; only the consumer's side can say it, by its type. User keys are one value: [`Subscribe::with`] |
//! | 14 | `handle_cancel/3` | [`on_cancel`], [`on_subscriber_cancel`], with [`Ended::Cancelled`] or [`Ended::Down`] | two methods, since their subscriptions are of two types |
//! | 15 | `handle_call/3` | [`Live::call`] with a function of the state | there is no message to match on: the caller's function runs in the stage, typed, and may emit and stop. Events go before the answer, too. It cannot wait; work that waits is an [`on_info`] with a `oneshot::Sender` in it |
//! | 16 | `handle_cast`, `handle_info` | [`Live::cast`] with a function, [`on_info`] with the stage's own type | infos are typed: there is no unknown message, and nothing comes that was not sent with [`Live::info`]. A timer or another channel is a task of yours that calls `info` or `cast` |
//! | 17 | `format_discarded/2` | [`on_discarded`] | it is given the events, not their number. They are counted in any case |
//! | 18 | `terminate/2` | [`on_stop`] | not after a panic: the state is not trusted then. Nor after [`Live::abort`]; a `Drop` is |
//! | 19 | `code_change/3`, `format_status/2` | [`Live::status`], [`Live::summary`]; [`Live::call`] for the state | no code is upgraded in a running process: drain, and start the new one ([`Running::drain`]) |
//! | 20 | `:hibernate` | nothing | there is no heap for each process to be compacted: an idle stage is its state, a task, and its inboxes (`cargo bench --bench many_stages`) |
//! | 21 | a bad return value stops the stage | a compile error at the return type | |
//! | 22 | `child_spec/1` | [`Supervisor::stage`] with a function that makes the stage | `permanent` is the default there as well |
//!
//! ## Starting, naming, stopping, talking
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 23 | `start_link/3`, `start/3` | [`Start::start`]; [`Start::spawn`] returns before `on_start` has | no links. Nobody ends with whom it was started by: subscriptions ([`Cancel`]) and a [`Supervisor`] tie stages together |
//! | 24 | `:name`: local, `:global`, `:via`; `:debug` | a [`Live`] is the address, and is cloned; [`Start::name`] is for logs, summaries and errors | there is no registry of processes: an address is passed on as any value is, and typed. What does not change when a stage begins again is its [`Child`]. Stages of a pipeline are found by name: [`Handle::outlet`]. `:debug` and `:sys` are `tracing` and the counters |
//! | 25 | `stop/3` | [`Live::stop`]; [`Live::drain`], [`Live::abort`] | with a limit: `tokio::time::timeout(limit, stage.stop(reason))`, then `abort`. The reason is what [`Live::ended`] gives; a failure is not logged unless a supervisor looks after the stage |
//! | 26 | `call/3`, `cast/2`, `reply/2` | [`Live::call`], [`Live::cast`] | no timeout of 5 s: put one around it. To answer early, or later, from anywhere: send a `oneshot::Sender` along |
//! | 27 | advice: `:rest_for_one` | [`Supervisor::rest_for_one`], `one_for_one`, `one_for_all` | any of them will do: a crash is one restart, however many stages end with it |
//!
//! ## Subscriptions
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 28 | `sync_subscribe/3` | [`Live::subscribe`] | it waits for the producer's answer: a refusal is an error, [`LiveError::Refused`]. A consumer of other events, or no consumer, does not compile (a producer is an error) |
//! | 29 | `async_subscribe/2` | [`Live::subscribe_later`] | options that cannot work, and a stage that has ended, are errors |
//! | 30 | `sync_resubscribe/4`, `async_resubscribe/4` | [`Live::resubscribe`], [`Live::resubscribe_later`] | the new one may be to another producer, and the old one never ends the stage, whatever its mode. If the new one's options cannot work, nothing has happened to the old one |
//! | 31 | `max_demand`, 1000 | [`Subscribe::max_demand`], 1000 | at most 1 048 576 |
//! | 32 | `min_demand`, half | [`Subscribe::min_demand`], half | |
//! | 33 | `cancel: :permanent` | [`Cancel::Permanent`], the default | at a normal end the consumer finishes first what has come, and delivers what it has emitted |
//! | 34 | `cancel: :transient` | [`Cancel::Transient`] | normal is [`Reason::is_normal`] |
//! | 35 | `cancel: :temporary` | [`Cancel::Temporary`] | |
//! | 36 | `partition:`, `selector:`, user keys | [`Subscribe::partition`], [`Subscribe::selector`], [`Subscribe::with`] | a dispatcher that has no use for one refuses the subscription, and says so |
//! | 37 | automatic mode | the same formula | |
//! | 38 | manual mode | [`Subscribe::manual`], or [`Asks::Manually`] from `on_subscribe` | the options can say it, without a callback |
//! | 39 | `ask/2` | [`Subscription::ask`] | from any thread; nought is nothing |
//! | 40 | `cancel/2` | [`Subscription::cancel`] | from any thread; a second time is nothing |
//! | 41 | many producers, several subscriptions to one | the same | but one to a broadcast |
//! | 42 | a name with no process | no names: an [`OutletRef`] is of a stage that was started | it may have ended since: see 43 |
//! | 43 | a dead pid: `:noproc` | [`Reason::NotAlive`] | an error of `subscribe` also; the consumer ends as its mode says, as in GenStage |
//!
//! ## Demand mode and infos
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 44 | `demand/1`, `demand/2` | [`Status::accumulates`], [`Live::accumulate`], [`Live::forward`] | producer-consumers may accumulate |
//! | 45 | `:accumulate` holds back demand and events, as separate entries | the same: no two asks are summed, no two lists are joined | what was emitted goes first, to whoever has asked; then demand is told, as far as that has not met it. GenStage replays in the order of arrival |
//! | 46 | `sync_info/3`, `async_info/2` | [`Live::sync_info`], [`Live::info`] | |
//! | 47 | `estimate_buffered_count/2` | [`Status::buffered`] | exact; partitions are counted, infos are not. On a consumer it is 0 |
//!
//! ## Dispatchers
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 48 | the behaviour `GenStage.Dispatcher` | the trait [`Dispatch`](crate::dispatcher::Dispatch) | demand is a level, not a message: [`demand`](crate::dispatcher::Dispatch::demand) says how much could be dispatched now. `info/2` is `mark` and `passed`. It is held to its contract: too much sent is an error of the stage |
//! | 49 | `DemandDispatcher` | [`dispatcher::Demand`](crate::dispatcher::Demand), the default | in a heap: an ask and a batch cost O(log n) |
//! | 50 | `shuffle_demands_on_first_dispatch` | [`shuffle_on_first_dispatch`](crate::dispatcher::Demand::shuffle_on_first_dispatch) | only equals change places (Q14) |
//! | 51 | its `max_demand` | [`max_demand`](crate::dispatcher::Demand::max_demand) | no warning unless it is set |
//! | 52 | `BroadcastDispatcher` | [`dispatcher::Broadcast`](crate::dispatcher::Broadcast) | events are cloned |
//! | 53 | `selector:` | [`Subscribe::selector`] | its type is checked; it runs in the producer as well |
//! | 54 | one subscription for each process; `:already_subscribed` | one for each stage; [`Reason::Refused`] | a refusal, of whatever kind, ends nobody |
//! | 55 | `PartitionDispatcher` | [`dispatcher::Partition`](crate::dispatcher::Partition) | in a graph `by \|event\| key`, for workers |
//! | 56 | `partitions:` | the names, of any type with `Hash + Eq + Debug` | |
//! | 57 | `hash:` | the function, which gives the event and a name, or `None` | no default: `by` in a graph hashes a key, and always the same way. What goes nowhere is counted (`filtered`) |
//! | 58 | unknown partitions raise | of an event: the producer ends with an error that names it. Of a subscription, or a taken one: it is refused | the producer does not end because of a consumer's mistake (Q8) |
//! | 59 | an unbounded queue for each partition | [`on_full`](crate::dispatcher::Partition::on_full): 1000 events, then everybody waits | or a policy; the partition that held back the others is named in the [summary](crate::StageSummary). What waits outlives its subscription (Q13) |
//!
//! ## Buffer
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 60 | an output buffer, drained before `handle_demand` | the same | and whenever there is demand (Q1, Q2) |
//! | 61 | overflow drops, and warns | only if [`Overflow`] says so; `discarded` in the summary, and a warning at most once a second | by default calls, casts and infos wait until there is room |
//! | 62 | infos are never dropped | the same | |
//!
//! ## Streams
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 63 | `stream/2` | [`live::stream`](crate::live::stream()), a `Stream` of `Result`s, lazy | |
//! | 64 | it asks again when the next chunk is pulled | it asks as the events are taken, by the same rules | |
//! | 65 | the end of a permanent producer is an exit | an abnormal one is an `Err`, the last item; a normal one is one producer less | a producer that is not alive is an `Err` too, unless the subscription is temporary |
//! | 66 | `demand:`, `producers:` | [`EventStream::subscribe_now`], then [`Live::forward`] on whatever accumulates | said where it is meant, not as options of the stream |
//! | 67 | `async_subscribe(streaming_pid, ..)` | [`EventStream::subscribe`] | by whoever has the stream: it is no process |
//! | 68 | `from_enumerable/2` | `live(`[`Items::new`]`(iterator))` | in a graph [`from_iter`](crate::from_iter), [`from_stream`](crate::from_stream) |
//! | 69 | its options | those of [`Start`]; `on_cancel: :stop` is [`Items::stop_on_cancel`] | no `link`, no `stacktrace` |
//!
//! ## ConsumerSupervisor
//!
//! | | GenStage | stagekit | difference |
//! |---|---|---|---|
//! | 70 | one supervised child for each event | [`ConsumerSupervisor::new`] with a function from an event to a future | also a node of a graph. The receipt of the event is settled when its child is done |
//! | 71 | `start_link`, `init/1`, exactly one template | the function is the template; [`Start::start`] | |
//! | 72 | `strategy:`, `max_restarts`, `max_seconds`, `subscribe_to`, `name` | [`intensity`](crate::live::Start::intensity), 3 in 5 s; the rest as of any stage | there is one strategy, so nothing to say |
//! | 73 | `restart: :temporary \| :transient` | temporary, or [`transient`](crate::live::Start::transient) | `:permanent` cannot be said; after a [`backoff`](crate::live::Start::backoff), if wanted |
//! | 74 | `shutdown:`, `type:`, `modules:` | [`Shutdown`]: `After` 5 s, `Never`, `Abort` | a child hears of it by a [`ShutdownToken`]. No `type`, no `modules`: those are for code upgrades |
//! | 75 | at most `max_demand` children for each producer | the same | |
//! | 76 | asks again when `min_demand` children have ended | the same; `min_demand(0)` asks for one whenever one ends | |
//! | 77 | results of the start | a child is a task, and always starts: its `Err` or panic is counted, logged, and makes room | |
//! | 78 | a `:transient` child keeps its place | the same; the event is cloned for that, `E: Clone` | |
//! | 79 | more than `max_restarts`: `:shutdown` | it ends with an error, and all its children with it | |
//! | 80 | `start_child`, `terminate_child`, `which_children`, `count_children` | [`start_child`](crate::live::Live::start_child) and the others by the same names, by [`ChildId`] | a child that was not started gives its event back. `supervisors` is not counted |
//! | 81 | children outlive a producer | the same, with [`Cancel::Temporary`] | |
//! | 82 | all children are shut down at once | the same, when it is stopped, or a producer or too many children have failed | when its producer ends normally, it waits for the children |
//! | 83 | `code_change`; a `child_spec` | [`Supervisor::stage`] | |
//!
//! ## What GenStage does not have
//!
//! | | not in GenStage | stagekit |
//! |---|---|---|
//! | 84 | metrics | [counters](crate::StageSummary) of every stage, always on |
//! | | acknowledgement, redelivery | [receipts](crate#receipts), from a [`Source`](crate::Source) that can acknowledge |
//! | | retries, error edges | [`retry`](crate::retry()), `else` edges: of functions in a graph |
//! | | batching by time | `batch(size, every)` in a graph |
//! | | drain, completion | [`Running`] is a future with a summary; [`Running::drain`], [`Live::drain`], signals |
//! | | weights, priorities | a [`Dispatch`](crate::dispatcher::Dispatch) of your own: its example is one with weights |
//! | | checks of the topology, typed events | the compiler |
//! | | rate limits, replay for late subscribers | not here either |
//! | 85 | distribution is there: stages on several nodes | **not here**: a subscription is within one process. Between processes one puts a broker, as a [`Source`](crate::Source) and a consumer |
//!
//! # Its defects
//!
//! What GenStage 1.3.2 does by mistake, and a port should not. The tests are in `tests/conformance`, Q14's beside the
//! dispatcher.
//!
//! | | GenStage | here | test |
//! |---|---|---|---|
//! | Q1 | the demand dispatcher strands the buffer when a consumer dies that has asked: later events overtake | the buffer is served first whenever somebody has demand | `r21_what_is_owed_to_the_dead_is_not_asked_again_and_not_stranded_q01` |
//! | Q2 | the same in a broadcast, also without a crash: a newcomer can stop everybody for ever | as Q1: there is no count of what was told that could go stale | `r26_what_is_owed_to_the_dead_is_not_stranded_q02`, `r25_what_comes_before_a_newcomer_asks_is_not_stranded_q02_x08` |
//! | Q3 | of a broadcast the second subscription of a process is refused, the third accepted | every one is refused while the first lasts | `a_third_subscription_is_refused_as_the_second_q03_x09` |
//! | Q4 | the documentation's example of `min_demand: 750` asks for 250 after 50 | as the code has it: 300 after 300 | `r05_asks_300_after_300_of_1000_and_750_q04` |
//! | Q5 | the documentation wraps the reason of an exit in `:cancel`, the code does not | the reason as it is | `r40_the_mode_decides_about_a_consumer_072_to_078_q05` |
//! | Q6 | `handle_cancel` with `:hibernate` keeps a permanent consumer alive, and crashes a producer | nothing that a callback returns can say so | by its type |
//! | Q7 | `subscribe_to` with bad options is logged, and the stage starts unsubscribed | it does not start | `bad_options_keep_a_stage_from_starting_q07` |
//! | Q8 | a consumer's wrong `partition:` or `selector:` kills the producer | the subscription is refused, and the producer goes on; a selector is a function of the event by its type | `a_wrong_partition_is_refused_and_ends_nobody_168_q08` |
//! | Q9 | `buffer_size: 0` passes the check, and crashes | it is an error of the start | `a_buffer_of_nought_is_refused_q09` |
//! | Q10 | infos are counted as buffered events, or not, as the buffer's size is | they are not | `infos_are_not_counted_as_buffered_q10` |
//! | Q11 | a selector that wants nothing of a batch has it sent empty | nothing is sent | `nobody_is_sent_an_empty_batch_q11` |
//! | Q12 | events of a producer that is gone come from the atom `:pid` | from their subscription | `events_of_a_lost_producer_have_their_subscription_q12` |
//! | Q13 | what is queued for a partition is dropped with its subscription, without a word | it waits for the next one | `r30_what_waits_outlives_the_subscription_q13_x14` |
//! | Q14 | the shuffle puts those with little demand first | it is among equals | `r19_shuffle_keeps_the_order_by_demand_152_q14` |
//!
//! # Rules that are different on purpose
//!
//! Everything else is as in GenStage: its rules R1 to R45 and its own test cases are in `tests/conformance` and
//! `tests/supervision`, by number.
//!
//! - **A normal end loses nothing.** When a permanent producer ends normally, its consumers handle what has come, deliver
//!   what they have emitted, and end then. GenStage discards it (R38; `r38_a_normal_end_loses_nothing`).
//! - **An end waits behind what was sent before it**, whatever its reason: a consumer handles these events first (R40;
//!   `r40_an_end_waits_behind_the_events`).
//! - **`resubscribe` never ends the stage**, also in place of a permanent subscription
//!   (`resubscribing_replaces_a_subscription_051_054`).
//! - **`subscribe` waits for the producer**, and a refusal is an error and ends nobody
//!   (`a_wrong_partition_is_refused_and_ends_nobody_168_q08`, `r40_a_refused_subscription_ends_nobody_050`). A producer
//!   that has ended is an error as well; it ends a permanent consumer, as in GenStage.
//! - **In a graph demand tunes itself** unless `max_demand` or `min_demand` is given (R1 speaks of 1000): see
//!   [`Node::max_demand`](crate::Node::max_demand). Live stages keep 1000 and 500.
//! - **Stages of a graph that share a task are asked for everything at once**, and handle what they are given as one batch
//!   (R2, R9): there are no messages between them. [`own_task`](crate::Node::own_task) restores both to the letter.
//! - **Overflow waits by default** (R17; `r17_by_default_whoever_pushes_waits`), and `on_discarded` is given the events
//!   (`r17_the_callback_is_given_what_is_discarded_028_029_030`).
//! - **Nothing comes in excess** (R6): a dispatcher cannot send what was not asked for
//!   (`r06_nobody_receives_in_excess_x03`).
//! - **Demand that nobody was told goes with its consumer** (R21). What the producer was told it still owes, to whoever asks
//!   next (`r21_what_was_never_told_is_forgotten`).
//! - **Accumulated events go before accumulated demand** (R13; `r13_events_that_were_held_back_go_before_demand`), and
//!   producer-consumers may accumulate (`r13_a_stage_in_the_middle_can_hold_back_too`).
//! - **A hot partition is bounded** (R32), with a policy, and a line in the summary that names it
//!   (`r32_a_hot_partition_is_bounded`). **What waits for a partition waits for the next subscription** (R30).
//! - **`on_stop` is not called after a panic** (`r07_a_failure_loses_the_message_and_no_more_r42_x15`).
//! - **A normal end is no error for a stream** (`a_normal_end_is_no_error`).
//! - **A crash is one restart.** Stages that end because their producer has, begin again with it as a consequence, which
//!   costs nothing of the intensity. Under OTP each one counts, and one crash of a producer with three consumers brings
//!   the supervisor down (`one_crash_is_one_restart_with_many_consumers`). They are subscribed again without code.
//! - **A consumer supervisor waits for its children when its producer ends normally**
//!   (`l12_a_normal_end_of_its_producer_waits_for_the_children`).
//!
//! And in a [`pipeline!`](crate::pipeline) there is nothing to race with: all subscriptions are there before the first
//! event is asked for, the end of the sources is the end of the graph, and a failure ends it with an error.
//!
//! [stage]: macro@crate::stage
//! [producer]: macro@crate::producer
//! [consumer]: macro@crate::consumer
//! [producer_consumer]: macro@crate::producer_consumer
//! [`on_start`]: crate::live::Callbacks::on_start
//! [`on_demand`]: crate::live::Callbacks::on_demand
//! [`on_events`]: crate::live::Callbacks::on_events
//! [`on_subscribe`]: crate::live::Callbacks::on_subscribe
//! [`on_subscriber`]: crate::live::Callbacks::on_subscriber
//! [`on_cancel`]: crate::live::Callbacks::on_cancel
//! [`on_subscriber_cancel`]: crate::live::Callbacks::on_subscriber_cancel
//! [`on_info`]: crate::live::Callbacks::on_info
//! [`on_discarded`]: crate::live::Callbacks::on_discarded
//! [`on_stop`]: crate::live::Callbacks::on_stop
//! [`Context::stop`]: crate::live::Context::stop
//! [`Start`]: crate::live::Start
//! [`Start::start`]: crate::live::Start::start
//! [`Start::spawn`]: crate::live::Start::spawn
//! [`Start::name`]: crate::live::Start::name
//! [`Start::buffer`]: crate::live::Start::buffer
//! [`Start::dispatcher`]: crate::live::Start::dispatcher
//! [`Start::accumulate`]: crate::live::Start::accumulate
//! [`Start::subscribe_to`]: crate::live::Start::subscribe_to
//! [`Overflow`]: crate::Overflow
//! [`Overflow::Wait`]: crate::Overflow::Wait
//! [`Demand`]: crate::Demand
//! [`LiveError::Options`]: crate::live::LiveError::Options
//! [`LiveError::Refused`]: crate::live::LiveError::Refused
//! [`Subscription`]: crate::live::Subscription
//! [`Subscription::ask`]: crate::live::Subscription::ask
//! [`Subscription::cancel`]: crate::live::Subscription::cancel
//! [`Asks::Manually`]: crate::live::Asks::Manually
//! [`Subscribe::max_demand`]: crate::live::Subscribe::max_demand
//! [`Subscribe::min_demand`]: crate::live::Subscribe::min_demand
//! [`Subscribe::manual`]: crate::live::Subscribe::manual
//! [`Subscribe::partition`]: crate::live::Subscribe::partition
//! [`Subscribe::selector`]: crate::live::Subscribe::selector
//! [`Subscribe::with`]: crate::live::Subscribe::with
//! [`Ended::Cancelled`]: crate::live::Ended::Cancelled
//! [`Ended::Down`]: crate::live::Ended::Down
//! [`Cancel`]: crate::live::Cancel
//! [`Cancel::Permanent`]: crate::live::Cancel::Permanent
//! [`Cancel::Transient`]: crate::live::Cancel::Transient
//! [`Cancel::Temporary`]: crate::live::Cancel::Temporary
//! [`Reason::is_normal`]: crate::live::Reason::is_normal
//! [`Reason::NotAlive`]: crate::live::Reason::NotAlive
//! [`Reason::Refused`]: crate::live::Reason::Refused
//! [`Live`]: crate::live::Live
//! [`Live::call`]: crate::live::Live::call
//! [`Live::cast`]: crate::live::Live::cast
//! [`Live::info`]: crate::live::Live::info
//! [`Live::sync_info`]: crate::live::Live::sync_info
//! [`Live::abort`]: crate::live::Live::abort
//! [`Live::drain`]: crate::live::Live::drain
//! [`Live::stop`]: crate::live::Live::stop
//! [`Live::ended`]: crate::live::Live::ended
//! [`Live::status`]: crate::live::Live::status
//! [`Live::summary`]: crate::live::Live::summary
//! [`Live::accumulate`]: crate::live::Live::accumulate
//! [`Live::forward`]: crate::live::Live::forward
//! [`Live::subscribe`]: crate::live::Live::subscribe
//! [`Live::subscribe_later`]: crate::live::Live::subscribe_later
//! [`Live::resubscribe`]: crate::live::Live::resubscribe
//! [`Live::resubscribe_later`]: crate::live::Live::resubscribe_later
//! [`OutletRef`]: crate::live::OutletRef
//! [`Status::accumulates`]: crate::live::Status::accumulates
//! [`Status::buffered`]: crate::live::Status::buffered
//! [`EventStream::subscribe`]: crate::live::EventStream::subscribe
//! [`EventStream::subscribe_now`]: crate::live::EventStream::subscribe_now
//! [`Items::new`]: crate::live::Items::new
//! [`Items::stop_on_cancel`]: crate::live::Items::stop_on_cancel
//! [`ConsumerSupervisor::new`]: crate::live::ConsumerSupervisor::new
//! [`ShutdownToken`]: crate::live::ShutdownToken
//! [`Shutdown`]: crate::live::Shutdown
//! [`ChildId`]: crate::live::ChildId
//! [`Supervisor`]: crate::live::Supervisor
//! [`Supervisor::stage`]: crate::live::Supervisor::stage
//! [`Supervisor::rest_for_one`]: crate::live::Supervisor::rest_for_one
//! [`Child`]: crate::live::Child
//! [`Handle::outlet`]: crate::Handle::outlet
//! [`Running`]: crate::Running
//! [`Running::drain`]: crate::Running::drain
