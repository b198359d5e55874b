//! Work on tokio's blocking threads. What tokio is given has one type whatever the stage, so that its machinery is
//! compiled once, and not for each stage anew.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::task::{JoinError, JoinHandle};

use crate::lock::lock;

/// A call on a blocking thread. Dropped, the call goes on, and nobody hears of it.
pub(super) struct Elsewhere<T> {
    thread: JoinHandle<()>,
    result: Arc<Mutex<Option<T>>>,
}

impl<T: Send + 'static> Elsewhere<T> {
    pub(super) fn call(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let result = Arc::new(Mutex::new(None));
        let put = result.clone();
        let thread = start(Box::new(move || {
            let value = work();
            *lock(&put) = Some(value);
        }));
        Elsewhere { thread, result }
    }

    /// Drives a future there.
    pub(super) fn block_on(work: Pin<Box<dyn Future<Output = T> + Send>>) -> Self {
        let result = Arc::new(Mutex::new(None));
        let put = result.clone();
        let thread = start_future(Box::pin(async move {
            let value = work.await;
            *lock(&put) = Some(value);
        }));
        Elsewhere { thread, result }
    }
}

impl<T> Future for Elsewhere<T> {
    /// Fails as the thread did: by a panic, or because the runtime is shutting down.
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let joined = std::task::ready!(Pin::new(&mut self.thread).poll(cx));
        Poll::Ready(joined.map(|()| match lock(&self.result).take() {
            Some(value) => value,
            None => unreachable!("it has returned, and its result is taken once"),
        }))
    }
}

fn start(work: Box<dyn FnOnce() + Send>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(work)
}

fn start_future(work: Pin<Box<dyn Future<Output = ()> + Send>>) -> JoinHandle<()> {
    let runtime = tokio::runtime::Handle::current();
    start(Box::new(move || runtime.block_on(work)))
}
