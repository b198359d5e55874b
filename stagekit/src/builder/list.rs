//! Edges from one stage to several: `all`, `any`, `by`.

use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use super::edge::{Linked, linked};
use crate::batch::lend;
use crate::batch::{Copier, Way, clone_all};
use crate::dispatcher::each_key;
use crate::hash::StableHasher;
use crate::lock::lock;
use crate::node::Node;
use crate::op::{AcceptedAs, ByRef, ByValue, Consumer, Event, Fault, Settles, Takes, a_closure};
use crate::port::{Port, same};

/// How one leg of a broadcast gets its events.
#[diagnostic::on_unimplemented(
    message = "`{Up}` is connected to several stages, and `{Leg}` takes `{E}` by value, but `{E}` cannot be cloned",
    label = "needs its own copy of every `{E}`",
    note = "let `{Leg}` take `&{E}`, derive `Clone` for `{E}`, or share the work out instead of copying it: `=> any [a, b]`"
)]
pub trait Shares<E, Up, Leg> {
    /// The way.
    fn copier() -> Copier<E>;
}
#[diagnostic::do_not_recommend]
impl<E: Clone, Up, Leg> Shares<E, Up, Leg> for ByValue {
    fn copier() -> Copier<E> {
        Copier(Way::Clone(clone_all))
    }
}
impl<E: Lendable<Up, Leg>, Up, Leg> Shares<E, Up, Leg> for ByRef {
    fn copier() -> Copier<E> {
        Copier(Way::Lend(E::lend))
    }
}

/// A stage that can be a leg of a broadcast: [`Shares`], said of the stage, which is where the error belongs.
pub trait Leg<E, Up, By> {
    /// The way.
    fn copier() -> Copier<E>;
}
impl<E, Up, S, By: Shares<E, Up, S>> Leg<E, Up, By> for S {
    fn copier() -> Copier<E> {
        By::copier()
    }
}

/// `T`, once an edge is known to fit: whatever is asked of it stays silent until then.
pub trait Fitting<T> {
    /// `T`
    type Is;
}
impl<T> Fitting<T> for () {
    type Is = T;
}

/// Events that a broadcast can lend to several stages at once.
#[diagnostic::on_unimplemented(
    message = "`{Up}` is connected to several stages, and `{Leg}` borrows `{Self}`, but `{Self}` is not `Sync`",
    label = "several tasks would read the same `{Self}`",
    note = "let `{Leg}` take `{Self}` by value (then it is cloned), or share the work out instead: `=> any [a, b]`"
)]
pub trait Lendable<Up, Leg>: Sized {
    #[doc(hidden)]
    fn lend(events: Vec<Self>) -> Box<dyn crate::batch::Lend<Self>>;
}
#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static, Up, Leg> Lendable<Up, Leg> for T {
    fn lend(events: Vec<T>) -> Box<dyn crate::batch::Lend<T>> {
        lend(events)
    }
}

/// One leg of `[a, b]`: every leg gets every event.
#[track_caller]
pub fn share<Up, E, F, S, W, L, O, Fl, B, K>(up: &Port<Up, E, F>, node: Node<S, W, L>) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, By = B, Fits = K> + Leg<E, Up, B>,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, Some(S::copier()))
}

/// One leg of `[a, b]` that ends its path.
#[track_caller]
pub fn share_last<Up, E, F, S, W, L, O, Fl, B, K>(
    up: &Port<Up, E, F>,
    node: Node<S, W, L>,
) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, By = B, Fits = K> + Leg<E, Up, B> + Consumer,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, Some(S::copier()))
}

/// `any [a, b]`: the stages share the work.
pub fn any<S, E, F>(port: &Port<S, E, F>) -> Port<S, E, F> {
    port.grouped(None)
}

/// `by |e| key [a, b]`: events of one key go to one stage.
pub fn by<S, E: 'static, F>(port: &Port<S, E, F>, key: impl FnMut(&E) -> u64 + Send + 'static) -> Port<S, E, F> {
    port.grouped(Some(Arc::new(Mutex::new(each_key(key)))))
}

/// `by |e| key [a, b]`, the key by value.
pub fn by_key<S: 'static, E: 'static, F, K: PartitionKey<S>>(
    port: &Port<S, E, F>,
    mut key: impl FnMut(&E) -> K + Send + 'static,
) -> Port<S, E, F> {
    let of = upstream(port);
    by(port, move |event| hash_by(&of, &key(event)))
}

/// Names the stage behind a port, for the errors about its partition key.
pub struct Upstream<S>(PhantomData<fn() -> S>);

/// The name of the stage behind a port; see [`hash_by`].
pub fn upstream<S, E, F>(_: &Port<S, E, F>) -> Upstream<S> {
    Upstream(PhantomData)
}

/// The hash of a partition key, in the closure of [`by`]: stable between runs, machines and versions 0.1 of stagekit.
pub fn hash_by<S, K: PartitionKey<S> + ?Sized>(_: &Upstream<S>, key: &K) -> u64 {
    let mut hasher = StableHasher::default();
    key.feed(&mut hasher);
    std::hash::Hasher::finish(&hasher)
}

/// One more upstream of the list behind `first`: its events are partitioned by the same key.
pub fn by_also<S, E: Event, F, S0, T, F0>(port: &Port<S, E, F>, first: &Port<S0, T, F0>) -> Port<S, E, F>
where
    S: 'static,
    T: AcceptedAs<E, S, a_closure> + Event,
{
    let key = first.group.and_then(|group| lock(&first.outlets).groups[group].key.clone());
    port.grouped(key.map(same))
}

/// What events can be partitioned by.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a partition key: it must be `Hash + Eq`",
    label = "events of `{Up}` would be partitioned by a `{Self}`",
    note = "return something hashable, such as an id or a `String`; a float can be rounded or taken by its bits (`x.to_bits()`)"
)]
pub trait PartitionKey<Up> {
    #[doc(hidden)]
    fn feed(&self, hasher: &mut StableHasher);
}
#[diagnostic::do_not_recommend]
impl<K: Hash + Eq + ?Sized, Up> PartitionKey<Up> for K {
    fn feed(&self, hasher: &mut StableHasher) {
        self.hash(hasher);
    }
}
