//! Guests: a stage that is run by the task of the stage before it, so that a hop is a call.
//!
//! Every stage has a task of its own. While it is light, that task sleeps, and the stage itself is a guest of its
//! producer: it stands in the producer's outlet, is given its batches by a call and answers with what it asks for. All
//! other messages (cancels, ends) take the same inboxes as always, so a guest can go home between any two calls, and
//! nothing of its protocol changes.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::error::StageFailure;
use crate::lock::lock;
use crate::receipt::Events;
use crate::sync::{Arc, Mutex};

/// How a stage's task ends.
pub(crate) type Ending = Result<(), StageFailure>;

/// A stage that handles what it is given at once.
pub(crate) trait Guest<T>: Send {
    /// Gives it events, as many as it has asked for at most: it leaves the memory, and handles them as one batch. What it
    /// asks for is added to `asked`.
    fn take(&mut self, events: &mut Events<T>, asked: &mut usize) -> Poll<Ending>;
    /// It looks at its messages and goes on with what waits. To be called whenever its host is woken.
    fn visit(&mut self, cx: &mut Context<'_>, asked: &mut usize) -> Poll<Ending>;
    /// How long it takes over a batch.
    fn weight(&self) -> Duration;
    /// Guests of it, or of one of its own, that have work for another core go home: `before` is how long a batch takes
    /// that comes to this one. Gives what the rest takes.
    fn part(&mut self, before: Duration) -> Duration;
    /// It has ended, and is at home again: it lets go of what it keeps.
    fn close(&mut self);
    /// It goes on, in its own task.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending>;
}

enum Inner<T> {
    /// Nobody has been here.
    Empty,
    /// There is a host who will fetch the guest.
    Awaited,
    /// It waits for its host.
    Ready(Box<dyn Guest<T>>),
    Away,
    Home(Box<dyn Guest<T>>),
    Ended(Box<dyn Guest<T>>, Ending),
}

/// Where a guest comes from, and goes when it is no guest any longer: shared by its own task and by its host.
pub(crate) struct Home<T>(Mutex<(Inner<T>, Option<Waker>)>);

impl<T> Home<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Home(Mutex::new((Inner::Empty, None))))
    }

    /// There is a host for a guest from here, if one comes.
    pub(crate) fn announce(&self) {
        lock(&self.0).0 = Inner::Awaited;
    }

    /// Whether there is a host for it.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(lock(&self.0).0, Inner::Awaited)
    }

    /// The guest waits here for its host.
    pub(crate) fn expect(&self, guest: Box<dyn Guest<T>>) {
        lock(&self.0).0 = Inner::Ready(guest);
    }

    /// The guest goes with its host; `None` if it is not to have one.
    pub(crate) fn leave(&self) -> Option<Box<dyn Guest<T>>> {
        let mut inner = lock(&self.0);
        match std::mem::replace(&mut inner.0, Inner::Away) {
            Inner::Ready(guest) => Some(guest),
            other => {
                inner.0 = other;
                None
            }
        }
    }

    fn enter(&self, inner: Inner<T>) {
        let waker = {
            let mut home = lock(&self.0);
            home.0 = inner;
            home.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The guest comes home: from now on its own task runs it.
    pub(crate) fn come(&self, guest: Box<dyn Guest<T>>) {
        self.enter(Inner::Home(guest));
    }

    /// The guest has ended on the way.
    pub(crate) fn end(&self, guest: Box<dyn Guest<T>>, ending: Ending) {
        self.enter(Inner::Ended(guest, ending));
    }

    /// There will be no host.
    pub(crate) fn stay(&self) {
        let guest = self.leave();
        if let Some(guest) = guest {
            self.come(guest);
        }
    }
}

/// The task of a stage that may be a guest elsewhere.
pub(crate) struct GuestTask<T> {
    home: Arc<Home<T>>,
    here: Option<Box<dyn Guest<T>>>,
}

impl<T> Unpin for GuestTask<T> {}

impl<T> GuestTask<T> {
    pub(crate) fn new(home: Arc<Home<T>>) -> Self {
        GuestTask { home, here: None }
    }
}

impl<T> Future for GuestTask<T> {
    type Output = Ending;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let this = &mut *self;
        if this.here.is_none() {
            let mut home = lock(&this.home.0);
            match std::mem::replace(&mut home.0, Inner::Away) {
                Inner::Home(guest) => this.here = Some(guest),
                Inner::Ended(mut guest, ending) => {
                    drop(home);
                    // With whatever a `Drop` of the user's does: here it is this stage's.
                    guest.close();
                    drop(guest);
                    return Poll::Ready(ending);
                }
                other => {
                    home.0 = other;
                    let replaced = home.1.replace(cx.waker().clone());
                    drop(home);
                    // Outside the lock, as in an inbox: the last waker of a task may drop the task.
                    drop(replaced);
                    return Poll::Pending;
                }
            }
        }
        match &mut this.here {
            Some(guest) => guest.poll(cx),
            None => Poll::Pending,
        }
    }
}
