//! A pipeline: the stages of a graph, and what remains to be done to run them.

use std::fmt;
use std::future::IntoFuture;

use crate::error::Error;
use crate::outline::GraphError;
use crate::stage::{Running, check, launch, start, topology};
use crate::telemetry::Summary;
use crate::topology::{Drawing, OpenEnds, Topology};

pub use crate::stage::Stage;

/// A graph that can run: what `pipeline!` gives.
///
/// `T` is what it gives when it has finished: its [`Summary`], or, where stages are bound with `let`, a struct with
/// their states as fields, which derefs to the summary. That struct has no name outside of the macro: a function that
/// returns such a pipeline makes something else of it, or says what it is good for.
///
/// ```
/// use stagekit::prelude::*;
///
/// #[producer]
/// fn numbers() -> impl Iterator<Item = u64> {
///     1..=3
/// }
/// #[consumer]
/// fn sum(n: u64, sum: &mut u64) {
///     *sum += n;
/// }
///
/// fn total() -> Pipeline<u64> {
///     pipeline! { let sum = sum(0); numbers => sum }.map(|finished| finished.sum)
/// }
/// fn anyhow() -> Pipeline<impl std::ops::Deref<Target = Summary>> {
///     pipeline! { let sum = sum(0); numbers => sum }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// assert_eq!(total().await?, 6);
/// assert_eq!(anyhow().await?.stages.len(), 2);
/// # Ok(()) }
/// ```
#[must_use = "a pipeline does nothing until it is run: `.run().await`, `.spawn()` or `.run_blocking()`"]
pub struct Pipeline<T = Summary> {
    stages: Vec<Stage>,
    /// Where the stages alone do not say it: the ends may be open.
    topology: Option<Topology>,
    finish: Box<dyn FnOnce(Summary) -> T + Send>,
}

impl<T> fmt::Debug for Pipeline<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("stages", &self.stages.len()).finish_non_exhaustive()
    }
}

/// The tree of text: see [`Topology`].
impl<T> fmt::Display for Pipeline<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.topology().fmt(f)
    }
}

/// What `pipeline!` says of its stages' text, which they tell their [`Topology`]. A graph by hand does without.
#[doc(hidden)]
pub fn drawn<const N: usize>(mut stages: [Stage; N], drawing: &'static Drawing) -> [Stage; N] {
    stages.iter_mut().enumerate().for_each(|(run, stage)| stage.draw(drawing, run));
    stages
}

/// A pipeline of these stages, if they are a sound graph: see [`Pipeline::checked`].
///
/// # Errors
/// All mistakes that there are.
pub fn build(stages: impl IntoIterator<Item = Stage>) -> Result<Pipeline, GraphError> {
    runnable(stages).checked()
}

/// A pipeline of these stages whose result is its summary, unchecked: `pipeline!` has checked it.
pub fn runnable(stages: impl IntoIterator<Item = Stage>) -> Pipeline<Summary> {
    Pipeline::__new(stages, |summary| summary)
}

impl<T> Pipeline<T> {
    /// A pipeline of these stages; `finish` makes its result.
    #[doc(hidden)]
    pub fn __new(stages: impl IntoIterator<Item = Stage>, finish: impl FnOnce(Summary) -> T + Send + 'static) -> Self {
        Pipeline { stages: stages.into_iter().collect(), topology: None, finish: Box::new(finish) }
    }

    /// As it was found before it got its ends.
    pub(crate) fn with_topology(self, topology: Topology) -> Self {
        Pipeline { topology: Some(topology), ..self }
    }

    /// The graph: its stages and edges, with names, types and options, and its pictures. `Display` of a pipeline is the tree
    /// of text.
    pub fn topology(&self) -> Topology {
        self.topology.clone().unwrap_or_else(|| topology(&self.stages, OpenEnds::default()))
    }

    /// The pipeline, if its graph is sound: what [`pipeline!`](crate::pipeline) checks when it is compiled, for graphs
    /// that are built by hand. Stages that have none or too many edges, cycles, options that cannot work: each is a
    /// [`Mistake`](crate::builder::Mistake) with the compiler's text.
    ///
    /// # Errors
    /// All mistakes that there are.
    pub fn checked(self) -> Result<Self, GraphError> {
        check(&self.stages, OpenEnds::default())?;
        Ok(self)
    }

    /// The same pipeline with another result, made of the first when it has finished.
    pub fn map<U>(self, then: impl FnOnce(T) -> U + Send + 'static) -> Pipeline<U>
    where
        T: 'static,
    {
        let finish = self.finish;
        let finish = Box::new(move |summary| then(finish(summary)));
        Pipeline { stages: self.stages, topology: self.topology, finish }
    }

    /// Runs the pipeline to its end.
    ///
    /// # Errors
    /// The first failure whose policy is to stop, with the stage's name and the summary of the run; or what is wrong
    /// with the graph, before anything has run.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the pipeline.
    pub async fn run(self) -> Result<T, Error> {
        self.spawn().wait().await
    }

    /// Starts the pipeline on the current tokio runtime, of either flavour, and gives the handle to it.
    ///
    /// What is wrong with the graph is told by the handle, when it is awaited.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[track_caller]
    pub fn spawn(self) -> Running<T> {
        let topology = self.topology();
        start(launch(self.stages), topology, self.finish)
    }

    /// Runs the pipeline to its end on a tokio runtime of its own: for a `main` that is not async.
    ///
    /// # Errors
    /// As [`run`](Pipeline::run).
    ///
    /// # Panics
    /// Inside a tokio runtime, or if the operating system gives no threads.
    pub fn run_blocking(self) -> Result<T, Error> {
        match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(self.run()),
            Err(error) => panic!("no runtime for the pipeline: {error}"),
        }
    }
}

/// `pipeline.await` is `pipeline.run().await`.
///
/// ```
/// use stagekit::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// let summary = pipeline! { { from_iter(0..3) } => |n| println!("{n}") }.await?;
/// assert_eq!(summary.stages.len(), 2);
/// # Ok(()) }
/// ```
impl<T: 'static> IntoFuture for Pipeline<T> {
    type Output = Result<T, Error>;
    type IntoFuture = <Running<T> as IntoFuture>::IntoFuture;
    fn into_future(self) -> Self::IntoFuture {
        self.spawn().into_future()
    }
}
