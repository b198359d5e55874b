//! What is said to a live stage from outside waits here for its turn; and what few stages need, or only for a while.

use std::any::Any;
use std::collections::VecDeque;
use std::task::Context as Waiting;

use super::{LiveTask, Working};
use crate::callbacks::{Callbacks, Context};
use crate::cancel::Reason;
use crate::error::Cause;
use crate::slot::Warnings;
use crate::stage::inlet::Inlet;
use crate::stage::live::step::{After, Step};
use crate::subscription::{Call, Look, Note};

/// What only some stages need, or need only for a while.
pub(super) struct Extra<S: Callbacks> {
    /// The callback that waits.
    pub(super) working: Option<Working<S>>,
    /// Why the stage is about to end, if it is.
    pub(super) reason: Option<Reason>,
    /// What was said to the stage and waits: for its turn, or for room in the buffer.
    /// Those that push, which wait for room in the buffer, and the others, each with its place among all of them.
    pushes: VecDeque<(u64, Note)>,
    others: VecDeque<(u64, Note)>,
    heard: u64,
    pub(super) warnings: Warnings,
    pub(super) failure: Option<Cause>,
}

impl<S: Callbacks> Default for Extra<S> {
    fn default() -> Self {
        Extra {
            working: None,
            reason: None,
            pushes: VecDeque::new(),
            others: VecDeque::new(),
            heard: 0,
            warnings: Warnings::default(),
            failure: None,
        }
    }
}

impl<S: Callbacks> Extra<S> {
    pub(super) fn put(&mut self, note: Note) {
        self.heard += 1;
        let pushes = matches!(note, Note::Call(_) | Note::Info(_));
        let queue = if pushes { &mut self.pushes } else { &mut self.others };
        queue.push_back((self.heard, note));
    }

    /// The next note, in order; while the buffer is full, the next that does not push.
    fn take(&mut self, full: bool) -> Option<Note> {
        let first = |queue: &VecDeque<(u64, Note)>| queue.front().map_or(u64::MAX, |(place, _)| *place);
        let queue = match first(&self.pushes) < first(&self.others) && !full {
            true => &mut self.pushes,
            false => &mut self.others,
        };
        queue.pop_front().map(|(_, note)| note)
    }
}

impl<S: Callbacks> LiveTask<S> {
    /// Whether whoever pushes has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.outlet.as_ref().is_some_and(|outlet| outlet.is_full())
    }

    /// What was said to the stage from outside, in order. While the buffer is full whoever pushes waits.
    pub(super) fn note(&mut self) -> Option<Note> {
        self.extra.as_ref()?;
        let full = self.is_full();
        self.extra.as_mut()?.take(full)
    }

    /// Carries out the next note that does not have to wait, if there is one.
    pub(super) fn attend(&mut self, cx: &mut Waiting<'_>) -> bool {
        let Some(note) = self.note() else { return false };
        if let Some(info) = self.heed(note) {
            self.begin(Step::Info(info), After::Nothing, cx);
        }
        true
    }

    /// Carries a note out; an info may have its callback now.
    pub(super) fn heed(&mut self, note: Note) -> Option<S::Info> {
        match note {
            Note::Call(call) => self.called(call),
            Note::Info(info) => {
                let info = match &mut self.inlet {
                    Some(inlet) => inlet.queue_info(info)?,
                    None => info,
                };
                return self.info(info);
            }
            Note::Accumulate(on) => {
                if let Some(outlet) = &mut self.outlet {
                    outlet.accumulate(on);
                }
            }
            Note::Look(reply) => {
                let outlet = self.outlet.as_ref();
                let _ = reply.send(Look {
                    buffered: outlet.map_or(0, |outlet| outlet.buffered()),
                    producers: self.inlet.as_ref().map_or(0, Inlet::subscriptions),
                    consumers: outlet.map_or(0, |outlet| outlet.subscriptions()),
                    accumulates: outlet.is_some_and(|outlet| outlet.accumulates()),
                });
            }
            Note::Stop(reason) => self.stop(reason),
        }
        None
    }

    /// An info whose turn has come at the inlet: behind what is buffered, or now.
    pub(super) fn info(&mut self, info: Box<dyn Any + Send>) -> Option<S::Info> {
        let info = match &mut self.outlet {
            Some(outlet) => outlet.info(info)?,
            None => info,
        };
        info.downcast().ok().map(|info| *info)
    }

    pub(super) fn called(&mut self, call: Call) {
        let mut context = Context::<S::Out>::new();
        if let Some(reply) = self.at_once(|stage| call(stage, &mut context)) {
            self.complete(context, Ok(()), After::Nothing);
            // R15: events go out before the reply.
            reply();
        }
    }
}
