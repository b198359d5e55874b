//! What crosses threads, under a model checker: stagekit's own files, with loom's locks instead of std's.
//!
//! The files are included by their path, so that neither `RUSTFLAGS` nor a second build of tokio is needed: the modules
//! [`sync`] and [`lock`] here stand where those of `stagekit/src` stand there. README.md says what is proven, with
//! which budget. The tests of the included files run along.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

/// Stagekit's own files.
macro_rules! stagekit {
    ($($name:ident = $path:literal),* $(,)?) => { $(
        #[allow(dead_code, unreachable_pub, unused_imports, reason = "the rest of stagekit uses it")]
        #[path = $path]
        mod $name;
    )* };
}
stagekit! {
    batch = "../../stagekit/src/batch.rs",
    buffer = "../../stagekit/src/buffer.rs",
    cancel = "../../stagekit/src/cancel.rs",
    demand = "../../stagekit/src/demand.rs",
    dispatcher = "../../stagekit/src/dispatcher/mod.rs",
    error = "../../stagekit/src/error.rs",
    hash = "../../stagekit/src/hash.rs",
    host = "../../stagekit/src/host.rs",
    inbox = "../../stagekit/src/inbox.rs",
    inlet = "../../stagekit/src/stage/inlet/mod.rs",
    meter = "../../stagekit/src/meter.rs",
    options = "../../stagekit/src/options.rs",
    outlet = "../../stagekit/src/stage/outlet/mod.rs",
    picture = "../../stagekit/src/picture/mod.rs",
    port = "../../stagekit/src/port.rs",
    quota = "../../stagekit/src/quota.rs",
    receipt = "../../stagekit/src/receipt.rs",
    ring = "../../stagekit/src/ring.rs",
    side = "../../stagekit/src/side.rs",
    subscribe = "../../stagekit/src/subscribe.rs",
    subscription = "../../stagekit/src/subscription.rs",
    telemetry = "../../stagekit/src/telemetry.rs",
    topology = "../../stagekit/src/topology/mod.rs",
}
mod fuzz;
mod lock;
mod op;
mod sync;

use demand::Demand;

mod explore;
mod home;
mod messages;
mod protocol;
mod wakers;
