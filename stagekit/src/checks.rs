//! What the attributes ask of a stage's parts, each with a message of its own, and the small helpers they call.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::error::BoxError;
use crate::op::{Event, Failed};

/// Whether the checks of a stage hold.
pub struct Tag<const OK: bool>;
/// See [`If`].
pub trait Sound {
    #[doc(hidden)]
    type Is<T>;
}
impl<const OK: bool> Sound for Tag<OK> {
    type Is<T> = T;
}
/// `T`. `OK` is the constant that holds the checks of a stage: where it does not compile, this is the compiler's own
/// error type, and whatever is made of it stays silent. One mistake, one error.
pub type If<const OK: bool, T> = <Tag<OK> as Sound>::Is<T>;

/// The identity; see [`If`].
#[inline]
pub fn pass<const OK: bool, T>(value: T) -> If<OK, T> {
    value
}

/// State: the `&mut T` parameters.
#[diagnostic::on_unimplemented(
    message = "state `{Self}` cannot move to the stage's task because it is not `Send`",
    label = "a stage keeps its state in a task of its own"
)]
pub trait State {}
#[diagnostic::do_not_recommend]
impl<T: Send + 'static> State for T {}
/// Checks a type of state.
pub const fn state<T: State>() {}

/// Resources: the `&T` parameters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shared between tasks because it is not `Send` and `Sync`",
    label = "workers and calls in flight share one `{Self}`",
    note = "take `&mut {Self}` to keep one for each worker"
)]
pub trait Resource {}
#[diagnostic::do_not_recommend]
impl<T: Send + Sync + ?Sized + 'static> Resource for T {}
/// Checks a type of resource.
pub const fn resource<T: Resource + ?Sized>() {}

/// What is given for a `&T` parameter: a `T`, or an `Arc<T>` that others share.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is given to a stage that shares a `{T}`",
    label = "expected a `{T}` or an `Arc<{T}>`",
    note = "the task owns what its stage borrows: give a clone, or an `Arc` to share it with others"
)]
pub trait Given<T: ?Sized> {
    #[doc(hidden)]
    fn given(self) -> Arc<T>;
}
#[diagnostic::do_not_recommend]
impl<T: ?Sized, V: Into<Arc<T>>> Given<T> for V {
    fn given(self) -> Arc<T> {
        self.into()
    }
}

/// The by-value parameters of a producer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot move to the stage's task because it is not `Send`",
    label = "the arguments of a stage go to a task of its own"
)]
pub trait Argument {}
#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Argument for T {}
/// Checks a type of argument.
pub const fn argument<T: Argument>() {}

/// The by-value parameters besides the event: every call gets its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given to every call: it is not `Clone`",
    label = "a by-value parameter besides the event is cloned for each call",
    note = "take `&{Self}` to share one, or `&mut {Self}` to keep it as state"
)]
pub trait Repeated {}
#[diagnostic::do_not_recommend]
impl<T: Clone> Repeated for T {}
/// Checks a type of argument that every call gets.
pub const fn repeated<T: Argument + Repeated>() {}

/// State that begins by itself: `#[state]`.
#[diagnostic::on_unimplemented(
    message = "state `{Self}` has no initial value: implement `Default` or write `#[state(init = ..)]`",
    label = "`#[state]` begins from `{Self}::default()`"
)]
pub trait Initial {}
#[diagnostic::do_not_recommend]
impl<T: Default> Initial for T {}
/// Checks a type of state that begins by itself.
pub const fn initial<T: Initial>() {}

/// Checks a type of events.
pub const fn event<T: Event>() {}

/// Events that an async stage borrows.
#[diagnostic::on_unimplemented(
    message = "events of type `{Self}` cannot be borrowed across an `.await` because they are not `Sync`",
    label = "take `{Self}` by value"
)]
pub trait Borrowed {}
#[diagnostic::do_not_recommend]
impl<T: Sync + 'static> Borrowed for T {}
/// Checks a type of events that an async stage borrows.
pub const fn borrowed<T: Borrowed>() {}

/// Errors.
#[diagnostic::on_unimplemented(
    message = "errors of type `{Self}` cannot leave the stage's task because they are not `Send`",
    label = "`{Self}` must be `Send` and own its data to be a stage's error",
    note = "a box of any error is a `Box<dyn std::error::Error + Send + Sync>` here: `stagekit::BoxError`"
)]
pub trait Fails {}
#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Fails for T {}
/// Checks a type of errors.
pub const fn fails<T: Fails>() {}

/// Errors of callbacks: they end the stage, and are told to whoever asks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a stage of callbacks",
    label = "must be a `std::error::Error + Send + Sync` of your own, a `String`, or boxed as below",
    note = "a box of any error is a `Box<dyn std::error::Error + Send + Sync>` here: `stagekit::BoxError`"
)]
pub trait Told {
    #[doc(hidden)]
    fn told(self) -> BoxError;
}
#[diagnostic::do_not_recommend]
impl<X: Into<BoxError>> Told for X {
    fn told(self) -> BoxError {
        self.into()
    }
}
/// The error of a callback as its stage tells it.
pub fn told<X: Told>(error: X) -> BoxError {
    error.told()
}

/// Checks what is read as a `Result`.
pub const fn fallible<T: Fallible>() {}

/// What is read as many events.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of events",
    label = "read as many events because of the option `many` or `maybe`: it must be an `IntoIterator`"
)]
pub trait Many {}
#[diagnostic::do_not_recommend]
impl<T: IntoIterator> Many for T {}
/// Checks what is read as many events.
pub const fn many<T: Many>() {}

/// As [`AcceptedAs`](crate::op::AcceptedAs), for a stage like `dedup<T>` whose own event type may be left to inference.
#[diagnostic::on_unimplemented(
    message = "event type mismatch: `{Up}` emits `{Self}`, but `{Down}` takes `{T}`",
    label = "takes `{T}`, receives `{Self}`",
    note = "to convert on the way, put a closure between them: `=> |e| ... =>`"
)]
pub trait Feeds<T, Up, Down>: Sized {
    /// Always `()`.
    type Fits;
    /// The identity.
    fn accept(event: Self) -> T;
    /// The identity.
    fn accept_ref(event: &Self) -> &T;
    /// The identity.
    fn accept_all(events: Vec<Self>) -> Vec<T>;
}
#[diagnostic::do_not_recommend]
impl<E, Up, Down> Feeds<E, Up, Down> for E {
    type Fits = ();
    #[inline]
    fn accept(event: E) -> E {
        event
    }
    #[inline]
    fn accept_ref(event: &E) -> &E {
        event
    }
    #[inline]
    fn accept_all(events: Vec<E>) -> Vec<E> {
        events
    }
}

/// As [`AcceptedAs`](crate::op::AcceptedAs), for a stage that takes a whole `Vec` as one event.
#[diagnostic::on_unimplemented(
    message = "event type mismatch: `{Up}` emits `{E}`, but `{Down}` takes `{Self}`",
    label = "takes `{Self}`, receives `{E}`",
    note = "to collect events into batches, say so in the attribute of `{Down}`: `batch(100, Duration::from_secs(1))`",
    note = "to convert on the way, put a closure between them: `=> |e| ... =>`"
)]
pub trait AcceptedAsOne<E, Up, Down>: Sized {
    /// Always `()`.
    type Fits;
    /// The identity.
    fn accept(event: E) -> Self;
    /// The identity.
    fn accept_ref(event: &E) -> &Self;
}
#[diagnostic::do_not_recommend]
impl<E, Up, Down> AcceptedAsOne<E, Up, Down> for E {
    type Fits = ();
    #[inline]
    fn accept(event: E) -> E {
        event
    }
    #[inline]
    fn accept_ref(event: &E) -> &E {
        event
    }
}

/// The type that an attribute has made for a function; each says so of itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the name of a stage",
    label = "expected a function with an attribute, such as `#[consumer]`",
    note = "a value whose type has `#[stage]` on its `impl` stands in braces: `{{ {Self}(..) }}`"
)]
pub trait Itself {}
/// Checks that a type is a stage's.
pub const fn named<T: Itself>() {}

/// What a stage returns, as its type says it.
pub struct Answer<T>(PhantomData<T>);
/// One event: whatever is not one of the others.
pub struct AsOneEvent;
/// A `Result`, an `Option` or a `Vec`.
pub struct AsSpelled<T>(PhantomData<T>);
impl<T, X> Answer<Result<T, X>> {
    /// What it is.
    pub const IS: AsSpelled<Result<T, X>> = AsSpelled(PhantomData);
}
impl<T> Answer<Option<T>> {
    /// What it is.
    pub const IS: AsSpelled<Option<T>> = AsSpelled(PhantomData);
}
impl<T> Answer<Vec<T>> {
    /// What it is.
    pub const IS: AsSpelled<Vec<T>> = AsSpelled(PhantomData);
}
/// What the compiler takes where none of the above is meant.
pub trait OneEvent {
    /// What it is.
    const IS: AsOneEvent = AsOneEvent;
}
impl<T> OneEvent for Answer<T> {}

/// What may be read as one event.
pub trait ReadAsOne {}
impl ReadAsOne for AsOneEvent {}
impl<T: Spelled> ReadAsOne for AsSpelled<T> {}

/// An iterator.
pub struct AsIterator<I, T>(PhantomData<(I, T)>);
impl<I: Iterator> Answer<I> {
    /// Whether it is an iterator.
    pub const ITERATES: AsIterator<I, I::Item> = AsIterator(PhantomData);
}
/// What the compiler takes where it is no iterator.
pub trait IsNone {
    /// Whether it is an iterator.
    const ITERATES: AsOneEvent = AsOneEvent;
}
impl<T> IsNone for Answer<T> {}
impl<I: Whole<T>, T> ReadAsOne for AsIterator<I, T> {}

/// An iterator that is one event: none is, unless its stage says so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is an iterator, and would be read as one event",
    label = "to emit its items, write `impl Iterator<Item = {T}>`",
    note = "or say in the attribute how it is read: `many` for its items, or `one` if the iterator is the event itself"
)]
pub trait Whole<T> {}

/// What goes by its own name: nothing that [`read_as_one`] asks about.
#[diagnostic::on_unimplemented(
    message = "this is `{Self}` by another name, and would be read as one event",
    label = "an attribute sees how a type is spelled, not what it stands for",
    note = "write the type out, or say in the attribute how it is read: `try` for a `Result`, `maybe` for an `Option`, `many` for a `Vec`, or `one` if it is the event itself"
)]
pub trait Spelled {}
/// Checks what is read as one event.
pub const fn read_as_one<T: ReadAsOne>(_: &T) {}

/// A `Result`, whatever name it goes by.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "read as a `Result`: by its name, or because of the option `try`",
    note = "an event type of your own that is called `Result` needs another name here: `use .. as ..`"
)]
pub trait Fallible {
    /// What comes of success.
    type Value;
    /// The error.
    type Error;
}
impl<T, X> Fallible for Result<T, X> {
    type Value = T;
    type Error = X;
}

/// The items of a function that can fail before it has any.
pub fn opened<I, T, X>(result: Result<I, X>) -> impl Iterator<Item = Result<T, Failed<X>>>
where
    I: Iterator<Item = Result<T, Failed<X>>>,
{
    let (items, error) = match result {
        Ok(items) => (Some(items), None),
        Err(error) => (None, Some(error)),
    };
    error.into_iter().map(|error| Err(Failed(error))).chain(items.into_iter().flatten())
}

/// An iterator or a stream that waits while demand is spent, and may go on in another thread.
#[inline]
pub fn rests_between_events<T: Send>(events: T) -> T {
    events
}

/// The items of a stream, lifted.
pub fn mapped<S: Stream, R, L: FnMut(S::Item) -> R>(stream: S, lift: L) -> impl Stream<Item = R> {
    Mapped { stream, lift }
}

pin_project_lite::pin_project! {
    struct Mapped<S, L> {
        #[pin]
        stream: S,
        lift: L,
    }
}

impl<S: Stream, R, L: FnMut(S::Item) -> R> Stream for Mapped<S, L> {
    type Item = R;
    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<R>> {
        let this = self.project();
        this.stream.poll_next(cx).map(|item| item.map(this.lift))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

/// The next item.
pub fn next<S: Stream>(mut stream: Pin<&mut S>) -> impl Future<Output = Option<S::Item>> {
    poll_fn(move |cx| stream.as_mut().poll_next(cx))
}

/// Where the async block of [`generated`] puts its items.
pub struct Giver<T>(Arc<Mutex<Option<T>>>);

impl<T> Giver<T> {
    /// Gives one item, and rests until the next one is wanted.
    pub async fn give(&self, item: T) {
        let mut item = Some(item);
        poll_fn(|_| {
            let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match item.take() {
                Some(item) => *slot = Some(item),
                None if slot.is_none() => return Poll::Ready(()),
                None => {}
            }
            Poll::Pending
        })
        .await;
    }
}

/// The items that an async block gives: how an iterator that borrows the arguments of its function becomes a stream.
pub fn generated<T, A>(run: impl FnOnce(Giver<T>) -> A) -> impl Stream<Item = T>
where
    A: Future<Output = ()>,
{
    let slot = Arc::new(Mutex::new(None));
    let run = run(Giver(slot.clone()));
    Generated { run: Box::pin(run), slot, ended: false }
}

struct Generated<T, A> {
    run: Pin<Box<A>>,
    slot: Arc<Mutex<Option<T>>>,
    ended: bool,
}

impl<T, A: Future<Output = ()>> Stream for Generated<T, A> {
    type Item = T;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        if !this.ended {
            this.ended = this.run.as_mut().poll(cx).is_ready();
        }
        match this.slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(item) => Poll::Ready(Some(item)),
            None if this.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
