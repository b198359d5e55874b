//! A pipeline under supervision.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::member::{Answered, Begun, BoxFuture, Exit, Kind, View};
use crate::cancel::Reason;
use crate::live::LiveError;
use crate::options::Shutdown;
use crate::pipeline::Pipeline;
use crate::stage::{Handle, panic_text};

/// A pipeline under supervision.
pub(super) struct PipelineMember<T> {
    name: Arc<str>,
    make: Box<dyn Fn() -> Pipeline<T> + Send>,
    running: Option<Handle>,
}

impl<T> PipelineMember<T> {
    pub(super) fn new(name: Arc<str>, make: impl Fn() -> Pipeline<T> + Send + 'static) -> Self {
        PipelineMember { name, make: Box::new(make), running: None }
    }
}

impl<T: Send + 'static> Kind for PipelineMember<T> {
    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn start<'a>(&'a mut self, _: &'a [View]) -> BoxFuture<'a, Result<Begun, LiveError>> {
        let failed = |reason| LiveError::Ended { stage: self.name.clone(), reason };
        let pipeline = catch_unwind(AssertUnwindSafe(&self.make))
            .map_err(|panic| failed(Reason::error(format_args!("its factory panicked: {}", panic_text(&*panic)))));
        Box::pin(async move {
            let running = pipeline?.spawn();
            let handle = running.handle();
            if handle.is_finished() {
                // Nothing was started: what is wrong with the graph would be wrong again.
                if let Err(error) = running.await {
                    return Err(LiveError::Ended { stage: self.name.clone(), reason: Reason::error(error) });
                }
                let reason = Reason::Normal;
                return Ok(Begun { ended: Box::pin(async { Exit { reason, followed: None } }), answers: Vec::new() });
            }
            self.running = Some(handle);
            let ended = Box::pin(async move {
                let reason = match running.await {
                    Ok(_) => Reason::Normal,
                    Err(error) => Reason::error(error),
                };
                Exit { reason, followed: None }
            });
            Ok(Begun { ended, answers: Vec::new() })
        })
    }

    fn stop(&mut self, rule: Shutdown) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(handle) = &self.running else { return };
            // It aborts itself past the limit, and says so.
            match rule {
                Shutdown::Abort => handle.abort(),
                Shutdown::After(limit) => handle.drain(limit),
                Shutdown::Never => handle.drain(Duration::MAX),
            }
            handle.finished().await;
            // Not before: should this future be dropped, the pipeline still has somebody who ends it.
            self.running = None;
        })
    }

    fn producers(&self) -> Vec<usize> {
        Vec::new()
    }

    fn link_of(&self, _: u64) -> Option<(usize, u64)> {
        None
    }

    fn rejoin(&mut self, _: &[View]) -> Vec<Answered> {
        Vec::new()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<T> Drop for PipelineMember<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.running {
            handle.abort();
        }
    }
}
