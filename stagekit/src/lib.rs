//! stagekit
mod buffer;
pub mod builder;
pub mod checks;
pub mod closure;
mod demand;
mod dispatcher;
mod emitter;
mod error;
mod hash;
mod intensity;
pub mod memory;
pub mod node;
pub mod op;
pub mod options;
mod outbox;
mod pipeline;
pub mod port;
pub mod producer;
mod quota;
mod receipt;
mod run;
#[cfg(feature = "signal")]
pub mod signal;
mod slot;
mod stage;
mod stream;
mod subscription;
mod telemetry;
mod wrap;
pub use demand::Demand;
pub use emitter::{Emitter, Stopped};
pub use error::{BoxError, Error};
pub use node::{Edge, Node, retry, skip, stop};
pub use options::{Overflow, Policy, Restart};
pub use outbox::Outbox;
pub use pipeline::Pipeline;
pub use receipt::{Acknowledger, Events, Receipts};
pub use stage::{Handle, Running};
pub use stagekit_macros::{consumer, pipeline, producer, producer_consumer};
pub use stream::{Input, Output, Segment, from_iter, from_source, from_stream};
pub use telemetry::{StageSummary, Summary};
pub mod prelude {
    //! Everything a program with a pipeline needs.
    pub use crate::{
        Demand, Edge, Emitter, Error, Handle, Input, Output, Overflow, Pipeline, Policy, Restart, Running, Segment,
        Summary, consumer, from_iter, from_stream, pipeline, producer, producer_consumer, retry, skip, stop,
    };
}
#[doc(hidden)]
pub mod __private {
    //! What the macros name. No promise is made about it.
    pub use crate::builder::*;
    pub use crate::checks;
    pub use crate::closure::collect;
    pub use crate::node::Node;
    pub use crate::op::*;
    pub use crate::outbox::Outbox;
    pub use crate::pipeline::Pipeline;
    pub use crate::producer::{Opens, Polled, Producer};
    pub use crate::telemetry::Summary;
    pub use crate::{Demand, Emitter};
}
