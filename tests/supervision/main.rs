//! Supervision: children of events, and stages that begin again. The numbers are those of GenStage's tests.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod cascades;
mod children;
mod demand;
mod ending;
mod log;
mod pipelines;
mod restarts;
mod strategies;
mod trace;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stagekit::Demand;
use stagekit::live::{
    Answer, Callbacks, ChildCount, ChildId, ChildState, ConsumerSupervisor, Context, Live, NoEvents, ShutdownToken,
    Start, Subscribe, live,
};
use tokio::sync::oneshot;

/// Waits until nobody has anything to do: the clock is paused.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// A producer that emits what it is told to, and notes the demand it was told.
#[derive(Default)]
struct Queue {
    asked: Vec<usize>,
    /// It emits by itself what it is asked for, counting up from here.
    counts: Option<u64>,
}

impl Callbacks for Queue {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        self.asked.push(demand.get());
        if let Some(next) = &mut self.counts {
            cx.emit_all(*next..*next + demand.get() as u64);
            *next += demand.get() as u64;
        }
        Ok(())
    }
}

async fn queue() -> Live<Queue> {
    live(Queue::default()).start().await.unwrap()
}

/// Emits `jobs`, and lets everybody do what follows.
async fn emit(queue: &Live<Queue>, jobs: impl IntoIterator<Item = u64>) {
    let jobs: Vec<_> = jobs.into_iter().collect();
    queue.call(|_, cx| cx.emit_all(jobs)).await.unwrap();
    settle().await;
}

async fn asked(queue: &Live<Queue>) -> Vec<usize> {
    queue.call(|queue, _| queue.asked.clone()).await.unwrap()
}

/// What the test tells a child to do.
#[derive(Clone, Copy, Debug)]
enum Tell {
    Done,
    Fail,
    Panic,
}

/// What a child does when it is asked to end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manners {
    Deaf,
    Ends,
    EndsBadly,
}

/// Looks after children by hand: each is known by its job.
#[derive(Clone)]
struct Nursery {
    book: Arc<Mutex<Book>>,
    manners: Manners,
}

#[derive(Default)]
struct Book {
    /// The jobs in the order they were begun, with those that were begun again.
    begun: Vec<u64>,
    waiting: BTreeMap<u64, oneshot::Sender<Tell>>,
    /// The jobs whose futures were let go, and whether they had come to their end.
    gone: Vec<(u64, bool)>,
}

struct Presence(Nursery, u64, bool);
impl Drop for Presence {
    fn drop(&mut self) {
        self.0.book.lock().unwrap().gone.push((self.1, self.2));
    }
}

impl Nursery {
    fn new(manners: Manners) -> Self {
        Nursery { book: Arc::default(), manners }
    }

    async fn child(self, job: u64, shutdown: ShutdownToken) -> Result<(), String> {
        let mut presence = Presence(self.clone(), job, false);
        let (tell, told) = oneshot::channel();
        {
            let mut book = self.book.lock().unwrap();
            book.begun.push(job);
            book.waiting.insert(job, tell);
        }
        let asked = async {
            match self.manners {
                Manners::Deaf => std::future::pending().await,
                _ => shutdown.requested().await,
            }
        };
        tokio::select! {
            told = told => {
                presence.2 = true;
                match told.unwrap() {
                    Tell::Done => Ok(()),
                    Tell::Fail => Err(format!("job {job}")),
                    Tell::Panic => panic!("job {job}"),
                }
            }
            () = asked => {
                assert!(shutdown.is_requested());
                presence.2 = true;
                if self.manners == Manners::EndsBadly { Err("oops".into()) } else { Ok(()) }
            }
        }
    }

    fn workers(&self) -> Start<ConsumerSupervisor<u64>> {
        let nursery = self.clone();
        ConsumerSupervisor::with_shutdown(move |job, shutdown| nursery.clone().child(job, shutdown))
    }

    /// Tells the child of this job, and lets everybody do what follows.
    async fn tell(&self, job: u64, tell: Tell) {
        let child = self.book.lock().unwrap().waiting.remove(&job).unwrap_or_else(|| panic!("no child has job {job}"));
        child.send(tell).unwrap();
        settle().await;
    }

    fn begun(&self) -> Vec<u64> {
        self.book.lock().unwrap().begun.clone()
    }

    fn gone(&self) -> Vec<(u64, bool)> {
        let mut gone = self.book.lock().unwrap().gone.clone();
        gone.sort_unstable();
        gone
    }
}

type Workers = Live<ConsumerSupervisor<u64>>;

/// A queue, its workers, and who looks after them.
async fn stand(
    subscribe: Subscribe<u64>,
    options: impl FnOnce(Start<ConsumerSupervisor<u64>>) -> Start<ConsumerSupervisor<u64>>,
) -> (Live<Queue>, Workers, Nursery) {
    let (queue, nursery) = (queue().await, Nursery::new(Manners::Deaf));
    let workers = options(nursery.workers()).subscribe_to(&queue.outlet(), subscribe).start().await.unwrap();
    settle().await;
    (queue, workers, nursery)
}

/// (workers, active)
async fn count(workers: &Workers) -> (usize, usize) {
    let count: ChildCount = workers.count_children().await.unwrap();
    assert_eq!(count.specs, 1);
    (count.workers, count.active)
}

async fn states(workers: &Workers) -> Vec<ChildState> {
    workers.which_children().await.unwrap().into_iter().map(|(_, state)| state).collect()
}

async fn first(workers: &Workers) -> ChildId {
    workers.which_children().await.unwrap()[0].0
}
