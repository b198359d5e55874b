//! What a subscription made at run time asks for.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cancel::{Cancel, Reason};
use crate::demand::Demand;
use crate::options::Limits;

/// Which events a subscription wants.
pub(crate) type Selector<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// A partition's name, whatever type the partitions' names are of.
#[derive(Clone)]
pub(crate) struct PartitionName {
    pub(crate) name: Arc<dyn Any + Send + Sync>,
    pub(crate) text: Arc<str>,
}

/// The options of a subscription: how much, what, and what becomes of the consumer when it ends.
///
/// ```
/// use stagekit::live::{Cancel, Subscribe};
/// let options: Subscribe<u64> = Subscribe::new().max_demand(10).min_demand(5).cancel(Cancel::Temporary);
/// # let _ = options;
/// ```
///
/// | option | default |
/// |---|---|
/// | [`max_demand`](Subscribe::max_demand), [`min_demand`](Subscribe::min_demand) | 1000 and half of `max_demand`, in events |
/// | [`manual`](Subscribe::manual) | the stage asks by itself |
/// | [`cancel`](Subscribe::cancel) | [`Cancel::Permanent`] |
/// | [`partition`](Subscribe::partition) | none; a partition dispatcher wants one |
/// | [`selector`](Subscribe::selector) | every event; for a broadcast dispatcher |
/// | [`with`](Subscribe::with) | nothing; for a dispatcher of your own |
pub struct Subscribe<T> {
    pub(crate) limits: Limits,
    pub(crate) manual: bool,
    pub(crate) cancel: Cancel,
    /// What few subscriptions have: nearly all are small.
    rare: Option<Box<Rare<T>>>,
}

struct Rare<T> {
    partition: Option<PartitionName>,
    selector: Option<Selector<T>>,
    extra: Option<Arc<dyn Any + Send + Sync>>,
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Rare { partition: None, selector: None, extra: None }
    }
}

impl<T> Clone for Rare<T> {
    fn clone(&self) -> Self {
        let Rare { partition, selector, extra } = self;
        Rare { partition: partition.clone(), selector: selector.clone(), extra: extra.clone() }
    }
}

impl<T> Clone for Subscribe<T> {
    fn clone(&self) -> Self {
        Subscribe { limits: self.limits, manual: self.manual, cancel: self.cancel, rare: self.rare.clone() }
    }
}

impl<T> Default for Subscribe<T> {
    fn default() -> Self {
        Subscribe { limits: Limits::default(), manual: false, cancel: Cancel::default(), rare: None }
    }
}

impl<T> fmt::Debug for Subscribe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("limits", &self.limits)
            .field("manual", &self.manual)
            .field("cancel", &self.cancel)
            .field("partition", &self.partition_name().map(|partition| &partition.text))
            .field("selector", &self.selected().is_some())
            .finish_non_exhaustive()
    }
}

impl<T> Subscribe<T> {
    /// The defaults.
    pub fn new() -> Self {
        Subscribe::default()
    }

    fn rare(&mut self) -> &mut Rare<T> {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn partition_name(&self) -> Option<&PartitionName> {
        self.rare.as_ref()?.partition.as_ref()
    }

    pub(crate) fn selected(&self) -> Option<&Selector<T>> {
        self.rare.as_ref()?.selector.as_ref()
    }

    /// At most this many events may be on their way: at least 1, at most 1 048 576.
    pub fn max_demand(mut self, events: usize) -> Self {
        self.limits.max = Some(events);
        self
    }

    /// The stage asks for more when this many events or fewer are outstanding: lower than `max_demand`.
    pub fn min_demand(mut self, events: usize) -> Self {
        self.limits.min = Some(events);
        self
    }

    /// The stage asks for nothing by itself: it does so with [`Subscription::ask`](crate::live::Subscription::ask).
    /// Batches arrive as they were sent (GenStage's rule R8), and `max_demand` means nothing.
    pub fn manual(mut self) -> Self {
        self.manual = true;
        self
    }

    /// What becomes of the consumer when the subscription ends.
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// The partition it is for, where the producer has a partition dispatcher.
    pub fn partition<P: fmt::Debug + Send + Sync + 'static>(mut self, name: P) -> Self {
        let text = format!("{name:?}").into();
        self.rare().partition = Some(PartitionName { name: Arc::new(name), text });
        self
    }

    /// Only these events, where the producer has a broadcast dispatcher. What is not selected costs no demand.
    ///
    /// A panic of the selector is the producer's: it runs in its task.
    pub fn selector(mut self, wants: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.rare().selector = Some(Arc::new(wants));
        self
    }

    /// A value for a dispatcher of your own, which reads it with [`extra`](Subscribe::extra): a weight, a priority.
    pub fn with<V: Any + Send + Sync>(mut self, value: V) -> Self {
        self.rare().extra = Some(Arc::new(value));
        self
    }

    /// What was given with [`with`](Subscribe::with), if it is a `V`.
    pub fn extra<V: Any>(&self) -> Option<&V> {
        self.rare.as_ref()?.extra.as_ref()?.downcast_ref()
    }
}

/// A call of a running stage: it is given the stage and its context, and gives what is to be done when the events it
/// emitted have been dispatched.
pub(crate) type Call = Box<dyn FnOnce(&mut dyn Any, &mut dyn Any) -> Box<dyn FnOnce() + Send> + Send>;

/// What a [`Subscription`] can do to its consumer's inlet.
pub(crate) trait Controls: Send + Sync {
    fn ask(&self, tag: u64, demand: Demand);
    fn cancel(&self, tag: u64, reason: Reason);
    fn call(&self, call: Call);
}

/// One subscription of a running stage, for whoever holds it: clones are the same subscription.
#[derive(Clone)]
pub struct Subscription {
    pub(crate) tag: u64,
    pub(crate) consumer: Arc<dyn Controls>,
}

impl Subscription {
    /// Asks for `events` more events; they add up with what was asked before. Nought is nothing.
    ///
    /// For [manual](Subscribe::manual) subscriptions; elsewhere the stage asks by itself, and this is not heard. After
    /// the end it is nothing too (Reactive Streams 1.0.4, rules 3.6 and 3.8). Returns at once, from any thread.
    pub fn ask(&self, events: usize) {
        if events > 0 {
            self.consumer.ask(self.tag, Demand::new(events));
        }
    }

    /// Ends the subscription: the producer is told, and confirms it to the consumer, whose [`Cancel`] mode decides what
    /// becomes of it. What was sent before that is still handled. A second time it is nothing (rule 3.7). Returns at
    /// once, from any thread.
    pub fn cancel(&self, reason: Reason) {
        self.consumer.cancel(self.tag, reason);
    }
}

impl PartialEq for Subscription {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag
    }
}
impl Eq for Subscription {}

impl std::hash::Hash for Subscription {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.tag.hash(state);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscription({})", self.tag)
    }
}

/// A number that no other subscription of this process has.
pub(crate) fn fresh_tag() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
