//! A node of the graph: a stage with its options, before it is connected.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::op::{Awaits, Overlaps, Parts, Uncaught};
use crate::options::{Options, Overflow, Policy, Restart};
use crate::run::Factory;
use crate::topology::Topology;
use crate::wrap::{Retrying, Timed};

/// A node with one instance of its stage.
pub struct Single;
/// A node with `workers(n)`.
pub struct Several;

/// A stage with its options: what the nodes of `pipeline!` are, and what the builder connects.
///
/// Every option is a method, so that the compiler and the editor check and complete it: `add(0).workers(4)` in a
/// [`pipeline!`](crate::pipeline), and `(|event| ..).workers(4)` on a closure, whose end the parentheses show.
///
/// | option | default |
/// |---|---|
/// | [`name`](Node::name) | the function's name |
/// | [`max_demand`](Node::max_demand), [`min_demand`](Node::min_demand) | self-tuned: 1 to 4096 events, as many as are cheap |
/// | [`workers`](Node::workers) | 1 |
/// | [`concurrency`](Node::concurrency), [`unordered`](Node::unordered), [`timeout`](Node::timeout) | 1, ordered, none |
/// | [`batch`](Node::batch) | from the attribute |
/// | [`buffer`](Node::buffer) | what one call emits over demand; the producer waits |
/// | [`on_error`](Node::on_error) | [`stop()`](stop) |
/// | [`on_panic`](Node::on_panic) | as `on_error` |
/// | [`restart`](Node::restart) | never |
/// | [`blocking`](Node::blocking) | on the async threads |
/// | [`own_task`](Node::own_task) | where it runs is stagekit's choice |
/// | [`poll_every`](Node::poll_every) | at once |
#[must_use = "a node does nothing until it is connected in a pipeline"]
pub struct Node<S, W = Single, L = Uncaught> {
    pub(crate) stage: S,
    pub(crate) options: Options,
    pub(crate) factory: Option<Factory<S>>,
    pub(crate) again: Option<fn(&S) -> S>,
    /// What it is made of, if that is a graph.
    pub(crate) inner: Option<Topology>,
    pub(crate) as_: PhantomData<fn() -> (W, L)>,
}

impl<S> Node<S> {
    /// A node of this stage, named `name` in summaries and errors. The attributes call it.
    pub fn new(stage: S, name: &str) -> Self {
        Node { stage, options: Options::new(name), factory: None, again: None, inner: None, as_: PhantomData }
    }
}

impl<S, W, L> Node<S, W, L> {
    /// The stage's name in summaries, logs and errors: tells two instances of one function apart.
    pub fn name(mut self, name: impl AsRef<str>) -> Self {
        self.options.name = name.as_ref().into();
        self
    }

    /// At most this many events may be on their way to (each worker of) the stage: GenStage's `max_demand`.
    ///
    /// Without it demand tunes itself: it begins with one event, grows while a batch takes less than 200 microseconds, to
    /// 4096 events (or to 64 KiB of them, as the values themselves are long) at most, and shrinks at once when a batch
    /// takes longer; of events that turn dear all at once a whole batch is handled first. A stage with [`concurrency(n)`](Node::concurrency) asks for one and a half times `n`, one that takes
    /// batches for two of them. GenStage's own 1000 is `max_demand(1000)`.
    ///
    /// It must be at least 1, at most 1 048 576, and above `min_demand`; a pipeline with another value does not start.
    pub fn max_demand(mut self, events: usize) -> Self {
        self.options.limits.max = Some(events);
        self
    }

    /// The stage asks for more when this many events or fewer are outstanding: GenStage's `min_demand`. Half of
    /// `max_demand` where only that is given; a `min_demand` alone goes with a `max_demand` of 1000, or of twice as much where
    /// it is 1000 or more.
    pub fn min_demand(mut self, events: usize) -> Self {
        self.options.limits.min = Some(events);
        self
    }

    /// `n` instances share the work, each in a task of its own, each from the initial state.
    ///
    /// Order is kept by each worker, not between them. A batch goes to whoever asked for most; slow events are asked for
    /// one by one, so that all of them get some; two stages of slow workers behind one another overlap with a `max_demand` of 2
    /// or more. A stage bound with
    /// `let` gives back one state for each worker, as a `Vec`.
    // The parameters are the method's own, so that what is missing is said at its name.
    pub fn workers<State, Config, Stage>(mut self, n: usize) -> Node<S, Several, L>
    where
        S: Parts<State = State, Config = Config> + Is<It = Stage>,
        State: InitialState<Stage>,
        Config: InitialState<Stage>,
    {
        self.options.workers = n;
        self.with_factory().retyped()
    }

    /// At most `n` calls of an async stage without `&mut` parameters are in flight at once. The results keep the
    /// order of the events unless [`unordered`](Node::unordered).
    pub fn concurrency(mut self, n: usize) -> Self
    where
        S: Overlaps,
    {
        self.options.concurrency = n;
        self.again = Some(S::again);
        self
    }

    /// With `concurrency`: results go on as they come.
    pub fn unordered(mut self) -> Self
    where
        S: Overlaps,
    {
        self.options.unordered = true;
        self
    }

    /// A call of an async stage that takes longer than `limit` is dropped, and its event has failed.
    ///
    /// Written before `on_error(retry(..))` it limits each attempt, behind it all attempts together. The `else` edge
    /// takes the stage's own errors only: a timeout is left to the policy, and ends the pipeline unless that is
    /// `on_error(skip())`, which may follow an `on_error(retry(..))`. An iterator or stream does not rest inside it.
    pub fn timeout(mut self, limit: Duration) -> Node<Timed<S>, W, L>
    where
        S: Awaits + Send + 'static,
    {
        let inner = self.again;
        self.options.timeout = Some(limit);
        self.wrapped(move |stage| Timed { stage, limit, again: inner }, Timed::again)
    }

    /// For a stage whose attribute says `batch`: at most `size` events, or what has come within `every` of the first.
    ///
    /// What the batch holds is no longer on its way: while it waits, an edge whose `max_demand` has come is asked for what
    /// the batch lacks. With [`Duration::MAX`] it is handled when it is full, or when no more can come.
    pub fn batch(mut self, size: usize, every: Duration) -> Self {
        self.options.batch = Some((size, every));
        self
    }

    /// Room for `n` events that nobody has asked for yet, and what happens when there is no more. It is a bound:
    /// `usize::MAX` is refused.
    ///
    /// With [`Overflow::Wait`] a producer runs ahead by `n` events. The other policies are for producers that push
    /// (an [`Emitter`](crate::Emitter) or a stream): they never wait, and what overflows is counted.
    pub fn buffer(mut self, n: usize, overflow: Overflow) -> Self {
        self.options.buffer = Some((n, overflow));
        self
    }

    /// What happens to an event whose function returns `Err` and has no `else` edge: [`stop()`](stop) (the default),
    /// [`skip()`](skip), or [`retry(n, backoff)`](retry).
    pub fn on_error<P: OnError>(self, policy: P) -> Node<P::Stage<S>, W, L>
    where
        S: Send + 'static,
    {
        policy.apply(self)
    }

    /// What happens when the function panics: [`stop()`](stop) or [`skip()`](skip). The default is as `on_error`.
    ///
    /// In a fused run the panic is the whole run's: it is skipped only if each of its stages says so. The panic of a
    /// producer always ends the pipeline, for nothing is left of what it had to give.
    pub fn on_panic(mut self, policy: Policy) -> Self {
        self.options.on_panic = Some(policy);
        self
    }

    /// After a panic, or an error whose policy is to stop, the stage begins again from its initial state and goes on
    /// with the next event, as often as `restart` allows.
    pub fn restart<State, Config, Stage>(mut self, restart: Restart) -> Self
    where
        S: Parts<State = State, Config = Config> + Is<It = Stage>,
        State: InitialState<Stage>,
        Config: InitialState<Stage>,
    {
        self.options.restart = Some(restart);
        self.with_factory()
    }

    /// The stage's function blocks its thread, or is heavy: each batch runs on tokio's blocking threads, and so does
    /// everything that is fused to the stage. An iterator does not rest there while demand is spent: it runs to its end.
    pub fn blocking(mut self) -> Self {
        self.options.blocking = true;
        self
    }

    /// The stage has a task of its own, and shares it with nobody but what is fused to it.
    ///
    /// Without it stagekit decides. Stages that stand in a line (one leads to one other), never wait and never block share
    /// the task of the first of them: a hop is a call then, with its demand kept per batch. A stage that awaits, blocks,
    /// rests in an iterator, takes batches, has `workers` or `concurrency`, or is led to by several others has a task of
    /// its own, and so has one behind a stage with several consumers. Two stages that both take 50 microseconds or more
    /// over a batch are put on two tasks while they run; order, demand and receipts are as before.
    ///
    /// Said of one stage of a fused run it holds for the run: what `->` connects is never taken apart, so all of it has one
    /// task of its own, and shares it with no stage that a `=>` leads to.
    pub fn own_task(mut self) -> Self {
        self.options.own_task = true;
        self
    }

    /// How long a producer that takes a `Demand` rests after it returned fewer events than were wanted.
    ///
    /// The default is not at all: a synchronous producer that has nothing yet is then asked again and again, which keeps
    /// a core busy. Give it a rest, or let it be `async` and wait.
    pub fn poll_every(mut self, rest: Duration) -> Self {
        self.options.poll_every = rest;
        self
    }

    /// Keeps what the stage begins with, so that more of it can be made.
    fn with_factory(mut self) -> Self
    where
        S: Parts<State: Clone, Config: Clone>,
    {
        if self.factory.is_none() {
            let (state, config) = self.stage.split();
            self.stage = S::join(state.clone(), config.clone());
            let initial = Mutex::new((state, config));
            self.factory = Some(Arc::new(move || {
                let initial = initial.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                S::join(initial.0.clone(), initial.1.clone())
            }));
        }
        self
    }

    pub(crate) fn retyped<W2, L2>(self) -> Node<S, W2, L2> {
        let Node { stage, options, factory, again, inner, .. } = self;
        Node { stage, options, factory, again, inner, as_: PhantomData }
    }

    pub(crate) fn wrapped<T>(self, wrap: impl Fn(S) -> T + Send + Sync + 'static, again: fn(&T) -> T) -> Node<T, W, L>
    where
        S: 'static,
    {
        let wrap = Arc::new(wrap);
        let factory = self.factory.map(|factory| {
            let wrap = wrap.clone();
            Arc::new(move || wrap(factory())) as Factory<T>
        });
        let again = self.again.map(|_| again);
        Node { stage: wrap(self.stage), options: self.options, factory, again, inner: self.inner, as_: PhantomData }
    }
}

/// Every type, by another name.
pub trait Is {
    /// Itself.
    type It;
}
impl<T> Is for T {
    type It = T;
}

/// What a stage begins with can be had again: it is `Clone`.
#[diagnostic::on_unimplemented(
    message = "`{Stage}` cannot begin more than once: its `{Self}` is not `Clone`",
    label = "`workers` and `restart` begin every instance from the initial value",
    note = "derive `Clone` for `{Self}`, or mark the parameter `#[state]` to begin from its `Default`"
)]
pub trait InitialState<Stage>: Clone {}
#[diagnostic::do_not_recommend]
impl<T: Clone, Stage> InitialState<Stage> for T {}

/// What happens to an event whose function returns `Err`; see [`Node::on_error`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no policy for errors",
    label = "expected `stop()`, `skip()` or `retry(n, backoff)`"
)]
pub trait OnError {
    /// The stage with the policy around it.
    type Stage<S: Send + 'static>;
    /// Puts the policy around the node's stage.
    fn apply<S: Send + 'static, W, L>(self, node: Node<S, W, L>) -> Node<Self::Stage<S>, W, L>;
}

impl OnError for Policy {
    type Stage<S: Send + 'static> = S;
    fn apply<S: Send + 'static, W, L>(self, mut node: Node<S, W, L>) -> Node<S, W, L> {
        node.options.on_error = self;
        node
    }
}

/// Further attempts; see [`retry`].
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    attempts: u32,
    backoff: Duration,
}

impl OnError for Retry {
    type Stage<S: Send + 'static> = Retrying<S>;
    fn apply<S: Send + 'static, W, L>(self, mut node: Node<S, W, L>) -> Node<Retrying<S>, W, L> {
        let Retry { attempts, backoff } = self;
        node.options.retry = Some((attempts, backoff));
        let inner = node.again;
        node.wrapped(move |stage| Retrying { stage, attempts, backoff, again: inner }, Retrying::again)
    }
}

/// The pipeline ends with the error and the stage's name: the default.
pub fn stop() -> Policy {
    Policy::Stop
}

/// The event has failed; a warning is logged, and the stage goes on with the next.
pub fn skip() -> Policy {
    Policy::Skip
}

/// `attempts` further attempts at an event that failed, resting `backoff` before the first and twice as long before
/// each one after it (at most a minute). Order is kept: the stage waits. What fails for good takes the `else` edge,
/// else ends the pipeline.
///
/// The stage borrows its event, or the event is `Clone`.
pub fn retry(attempts: u32, backoff: Duration) -> Retry {
    Retry { attempts, backoff }
}

/// What may stand in braces: a [`Node`], a [`Segment`](crate::Segment), an [`Output`](crate::Output).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node of a pipeline",
    label = "expected `from_iter(..)`, `from_stream(..)`, a segment or another node",
    note = "an iterator becomes one with `from_iter(i)`, a stream with `from_stream(s)`, a type of your own with `#[stage]` on its `impl`",
    note = "a function with an attribute stands without braces: `=> name`, `=> name(args)`"
)]
pub trait IntoNode {
    /// The stage.
    type Stage;
    /// [`Single`] or [`Several`].
    type Workers;
    /// The node.
    fn into_node(self) -> Node<Self::Stage, Self::Workers>;
}
impl<S, W> IntoNode for Node<S, W> {
    type Stage = S;
    type Workers = W;
    fn into_node(self) -> Node<S, W> {
        self
    }
}
