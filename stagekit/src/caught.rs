//! Futures whose panics are a result.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Polls; a panic is the end, as an `Err`.
#[inline]
pub(crate) fn poll_caught<F: Future + ?Sized>(
    call: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<std::thread::Result<F::Output>> {
    match catch_unwind(AssertUnwindSafe(|| call.poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// What the future comes to, or its panic.
///
/// Cancel safety: that of the future.
pub(crate) async fn caught<F: Future>(call: F) -> std::thread::Result<F::Output> {
    let mut call = pin!(call);
    poll_fn(|cx| poll_caught(call.as_mut(), cx)).await
}
