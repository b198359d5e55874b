//! What may stand in the middle of a path: anything that is no consumer.

use super::shared::{Shared, out_of};
use crate::op::Consumer;
use crate::open::Open;
use crate::port::Port;

/// Something that emits events. A consumer does not: that it stands in the middle of a path is said here, once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a consumer: it emits no events, so it ends its path",
    label = "nothing comes out of `{Self}`",
    note = "to give two stages the same events, write a list: `=> [a, b]`"
)]
pub trait Emits {}

/// The ways on from anything that is no consumer. A consumer has methods of the same names of its own, which the
/// compiler prefers: it cannot be asked whether a type is *not* a [`Consumer`].
pub trait GoesOn: Sized {
    /// What [`goes_on`](GoesOn::goes_on) gives.
    type Port;
    /// The end that further edges are tied to: [`Open::port`] or [`out_of`].
    fn goes_on(&self) -> Self::Port;
    /// The run as it is.
    fn onward(self) -> Self {
        self
    }
}
impl<H, R, S, E, F, K> GoesOn for Open<H, R, S, E, F, K> {
    type Port = Port<S, E, F>;
    fn goes_on(&self) -> Port<S, E, F> {
        self.port()
    }
}
impl<S, In, O, F, B, W, L> GoesOn for Shared<S, In, O, F, B, W, L> {
    type Port = Port<S, O, F>;
    fn goes_on(&self) -> Port<S, O, F> {
        out_of(self)
    }
}
// Only ever named for the error: no consumer emits.
impl<H, R, S: Consumer, E, F, K> Open<H, R, S, E, F, K> {
    #[doc(hidden)]
    pub fn goes_on<X>(&self) -> Port<S, X, F>
    where
        S: Emits,
    {
        unreachable!("a consumer emits nothing")
    }
    #[doc(hidden)]
    pub fn onward<R2, X, F2, K2>(self) -> Open<H, R2, S, X, F2, K2>
    where
        S: Emits,
    {
        unreachable!("a consumer emits nothing")
    }
}
impl<S: Consumer, In, O, F, B, W, L> Shared<S, In, O, F, B, W, L> {
    #[doc(hidden)]
    pub fn goes_on<X>(&self) -> Port<S, X, F>
    where
        S: Emits,
    {
        unreachable!("a consumer emits nothing")
    }
}
