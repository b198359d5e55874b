//! What a supervisor knows of a child, and what it can tell others of it.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::stage::StageMember;
use crate::callbacks::Callbacks;
use crate::cancel::Reason;
use crate::live::LiveError;
use crate::options::Shutdown;

/// Whether a child begins again when it has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// However it ended.
    #[default]
    Permanent,
    /// Unless it ended normally.
    Transient,
    /// Never.
    Temporary,
}

/// Whether a child of a supervisor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It runs.
    Running,
    /// It has ended, and is about to begin again.
    Restarting,
    /// It has ended, and does not begin again by itself.
    Ended,
}

/// A child of a supervisor, as [`Supervised::which_children`](crate::live::Supervised::which_children) shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildStatus {
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub standing: Standing,
    /// Whether it begins again.
    pub restarts: Restarts,
    /// How often it has begun again, with others too.
    pub restarted: u64,
}

/// What everybody may read.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) children: Vec<ChildStatus>,
    pub(super) restarts: u64,
}

impl Board {
    pub(super) fn new(members: &[Member]) -> Self {
        let status = |member: &Member| ChildStatus {
            name: member.kind.name().to_string(),
            standing: Standing::Restarting,
            restarts: member.restarts,
            restarted: 0,
        };
        Board { children: members.iter().map(status).collect(), restarts: 0 }
    }
}

pub(super) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a child has ended.
#[derive(Debug)]
pub(super) struct Exit {
    pub(super) reason: Reason,
    /// The subscription with whose producer it has ended, if that is why.
    pub(super) followed: Option<u64>,
}

/// Resolves when the producer has answered to a subscription.
pub(super) type Answered = oneshot::Receiver<Result<(), Reason>>;

/// A child that runs.
pub(super) struct Begun {
    pub(super) ended: BoxFuture<'static, Exit>,
    pub(super) answers: Vec<Answered>,
}

/// A member as another sees it.
pub(super) struct View {
    /// Which incarnation it is.
    pub(super) life: u64,
    pub(super) runs: bool,
    /// How the last one ended.
    pub(super) reason: Reason,
}

/// A kind of child: a stage, or a pipeline.
pub(super) trait Kind: Any + Send {
    fn name(&self) -> Arc<str>;
    /// Starts it, and subscribes it to those that run.
    fn start<'a>(&'a mut self, others: &'a [View]) -> BoxFuture<'a, Result<Begun, LiveError>>;
    /// Asks it to end, and waits until it has. Nothing if it does not run.
    fn stop(&mut self, rule: Shutdown) -> BoxFuture<'_, ()>;
    /// The members it subscribes to.
    fn producers(&self) -> Vec<usize>;
    /// Which incarnation of which member this subscription is to.
    fn link_of(&self, tag: u64) -> Option<(usize, u64)>;
    /// Subscribes it to producers that have begun again without its having ended.
    fn rejoin(&mut self, others: &[View]) -> Vec<Answered>;
    /// For what only one kind has.
    fn as_any(&mut self) -> &mut dyn Any;
}

/// Where a member is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It does not run, and somebody is about to start it.
    Down,
    Running,
    /// It has ended with this incarnation of this producer, and begins again with it.
    Waits(usize, u64),
    /// It does not begin again by itself.
    Done,
}

/// A child.
pub(super) struct Member {
    pub(super) kind: Box<dyn Kind>,
    pub(super) restarts: Restarts,
    pub(super) shutdown: Shutdown,
    pub(super) life: u64,
    pub(super) state: State,
    pub(super) reason: Reason,
}

impl Member {
    pub(super) fn new(kind: Box<dyn Kind>) -> Self {
        Member {
            kind,
            restarts: Restarts::default(),
            shutdown: Shutdown::default(),
            life: 0,
            state: State::Down,
            reason: Reason::Normal,
        }
    }

    /// As the stage that it is.
    pub(super) fn stage<S: Callbacks>(&mut self) -> Option<&mut StageMember<S>> {
        self.kind.as_any().downcast_mut()
    }

    /// Whether it begins again after this end.
    pub(super) fn begins_again(&self, reason: &Reason) -> bool {
        match self.restarts {
            Restarts::Permanent => true,
            Restarts::Transient => !reason.is_normal(),
            Restarts::Temporary => false,
        }
    }
}
