//! The task of a supervisor: it hears of ends, and decides who begins again.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::time::Instant;

use super::Strategy;
use super::member::{Board, BoxFuture, Exit, Member, Restarts, Standing, State, View};
use crate::cancel::Reason;
use crate::error::Cause;
use crate::in_flight::InFlight;
use crate::intensity::Intensity;
use crate::live::LiveError;
use crate::lock::lock;

/// What the supervisor hears. It is of one incarnation of a member; another one's is old news.
struct News {
    at: usize,
    life: u64,
    what: What,
}

enum What {
    Ended(Exit),
    /// A producer has not accepted its subscription.
    Refused(Reason),
    Nothing,
}

pub(super) struct Watch {
    // Dropped in this order: the children are aborted, last first, before anything else goes.
    members: Members,
    news: InFlight<BoxFuture<'static, News>>,
    strategy: Strategy,
    intensity: Intensity,
    since: Instant,
    board: Arc<Mutex<Board>>,
}

struct Members(Vec<Member>);

impl Drop for Members {
    fn drop(&mut self) {
        while self.0.pop().is_some() {}
    }
}

/// The reason in an error of a start.
fn reason_of(error: LiveError) -> Reason {
    match error {
        LiveError::Ended { reason, .. } | LiveError::Refused { reason, .. } => reason,
        other => Reason::error(other),
    }
}

/// Somebody asks for the end.
async fn asked(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Detached: nobody will.
        std::future::pending::<()>().await;
    }
}

impl Watch {
    pub(super) fn new(
        strategy: Strategy,
        intensity: Intensity,
        members: Vec<Member>,
        board: Arc<Mutex<Board>>,
    ) -> Self {
        let (members, news) = (Members(members), InFlight::unordered());
        Watch { members, news, strategy, intensity, since: Instant::now(), board }
    }

    /// Starts all children, in order; those that were started are stopped if one cannot be.
    pub(super) async fn start(&mut self) -> Result<(), LiveError> {
        for at in 0..self.members.0.len() {
            if let Err(error) = self.begin(at, true).await {
                self.stop_all().await;
                return Err(error);
            }
        }
        Ok(())
    }

    fn views(&self) -> Vec<View> {
        let view = |member: &Member| View {
            life: member.life,
            runs: member.state == State::Running,
            reason: member.reason.clone(),
        };
        self.members.0.iter().map(view).collect()
    }

    fn set(&mut self, at: usize, state: State) {
        self.members.0[at].state = state;
        lock(&self.board).children[at].standing = match state {
            State::Running => Standing::Running,
            State::Down | State::Waits(..) => Standing::Restarting,
            State::Done => Standing::Ended,
        };
    }

    /// Starts one child. The first time, it waits until its subscriptions are accepted.
    async fn begin(&mut self, at: usize, first: bool) -> Result<(), LiveError> {
        let views = self.views();
        let member = &mut self.members.0[at];
        member.life += 1;
        let life = member.life;
        let begun = match member.kind.start(&views).await {
            Ok(begun) => begun,
            Err(error) => {
                // What there is of it goes.
                member.kind.stop(member.shutdown).await;
                return Err(error);
            }
        };
        self.news.push(Box::pin(async move { News { at, life, what: What::Ended(begun.ended.await) } }));
        self.set(at, State::Running);
        if !first {
            lock(&self.board).children[at].restarted += 1;
        }
        for answer in begun.answers {
            if !first {
                self.expect(at, life, answer);
            } else if let Ok(Err(reason @ Reason::Refused(_))) = answer.await {
                return Err(LiveError::Refused { stage: self.members.0[at].kind.name(), reason });
            }
        }
        Ok(())
    }

    fn expect(&mut self, at: usize, life: u64, answer: super::member::Answered) {
        self.news.push(Box::pin(async move {
            let what = match answer.await {
                // Of a producer that is gone its own end tells.
                Ok(Err(reason @ Reason::Refused(_))) => What::Refused(reason),
                _ => What::Nothing,
            };
            News { at, life, what }
        }));
    }

    /// Looks after the children until the end.
    pub(super) async fn run(&mut self, mut stop: watch::Receiver<bool>) -> Reason {
        loop {
            if self.members.0.iter().all(|member| member.state == State::Done) {
                return Reason::Normal;
            }
            // A child that does not come to its beginning, or to its end, does not keep anybody from stopping it all.
            let next = async {
                match poll_fn(|cx| self.news.poll(cx)).await {
                    Some(news) => self.hear(news).await.err(),
                    None => Some(Reason::Normal),
                }
            };
            let reason = tokio::select! {
                biased;
                () = asked(&mut stop) => Some(Reason::Shutdown),
                reason = next => reason,
            };
            if let Some(reason) = reason {
                if !reason.is_normal() {
                    tracing::error!(%reason, "the supervisor ends, and stops its children");
                }
                self.stop_all().await;
                return reason;
            }
        }
    }

    async fn hear(&mut self, News { at, life, what }: News) -> Result<(), Reason> {
        let member = &self.members.0[at];
        if member.life != life || member.state != State::Running {
            return Ok(());
        }
        let name = member.kind.name();
        match what {
            What::Nothing => return Ok(()),
            What::Refused(reason) => {
                self.stop(at).await;
                self.members.0[at].reason = reason.clone();
                if self.members.0[at].begins_again(&reason) {
                    self.again(at, reason).await?;
                } else {
                    self.set(at, State::Done);
                }
            }
            What::Ended(Exit { reason, followed }) => {
                let link = followed.and_then(|tag| member.kind.link_of(tag));
                let begins_again = member.begins_again(&reason);
                let temporary = member.restarts == Restarts::Temporary;
                self.members.0[at].reason = reason.clone();
                match link {
                    // A consequence: it begins again when its producer does, and that is what counts.
                    Some((producer, life)) if !temporary => self.set(at, State::Waits(producer, life)),
                    _ if begins_again => {
                        tracing::warn!(child = &*name, %reason, "begins again: it has ended");
                        self.again(at, reason).await?;
                    }
                    _ => {
                        if !reason.is_normal() {
                            tracing::warn!(child = &*name, %reason, "has ended, and does not begin again");
                        }
                        self.set(at, State::Done);
                    }
                }
            }
        }
        self.follow_up().await
    }

    async fn stop(&mut self, at: usize) {
        let member = &mut self.members.0[at];
        member.kind.stop(member.shutdown).await;
    }

    async fn stop_all(&mut self) {
        for at in (0..self.members.0.len()).rev() {
            self.stop(at).await;
            self.set(at, State::Done);
        }
    }

    /// A child has failed, and begins again with those that the strategy says.
    async fn again(&mut self, at: usize, reason: Reason) -> Result<(), Reason> {
        let (mut at, mut reason) = (at, reason);
        self.set(at, State::Down);
        'attempts: loop {
            if !self.intensity.allows(self.since.elapsed()) {
                let last = format!("child `{}`: {reason}", self.members.0[at].kind.name());
                let (limit, last) = (self.intensity.limit(), Box::new(Cause::Failed(last.into())));
                return Err(Reason::error(Cause::Restarts { limit, last }));
            }
            lock(&self.board).restarts += 1;
            let group = match self.strategy {
                Strategy::OneForOne => at..at + 1,
                Strategy::RestForOne => at..self.members.0.len(),
                Strategy::OneForAll => 0..self.members.0.len(),
            };
            for other in group.clone().rev() {
                self.stop(other).await;
                let temporary = self.members.0[other].restarts == Restarts::Temporary;
                self.set(other, if temporary { State::Done } else { State::Down });
            }
            for other in
                group.filter(|&other| self.members.0[other].restarts != Restarts::Temporary).collect::<Vec<_>>()
            {
                if let Err(error) = self.begin(other, false).await {
                    (at, reason) = (other, reason_of(error));
                    self.members.0[at].reason = reason.clone();
                    self.set(at, State::Down);
                    continue 'attempts;
                }
            }
            return Ok(());
        }
    }

    /// Those that ended with a producer begin again if it has; those that did not are subscribed to it.
    async fn follow_up(&mut self) -> Result<(), Reason> {
        // In order: whom a child subscribes to stands before it.
        for at in 0..self.members.0.len() {
            match self.members.0[at].state {
                State::Running => {
                    let (views, life) = (self.views(), self.members.0[at].life);
                    for answer in self.members.0[at].kind.rejoin(&views) {
                        self.expect(at, life, answer);
                    }
                }
                State::Waits(producer, life) => {
                    let gone = match self.members.0[producer].state {
                        State::Running if self.members.0[producer].life == life => continue,
                        State::Down | State::Waits(..) => continue,
                        State::Running => false,
                        State::Done => true,
                    };
                    let member = &self.members.0[at];
                    let others = member.kind.producers();
                    let none = others.iter().all(|&other| self.members.0[other].state == State::Done);
                    if gone && (none || !member.begins_again(&member.reason)) {
                        self.set(at, State::Done);
                        continue;
                    }
                    self.stop(at).await;
                    if let Err(error) = self.begin(at, false).await {
                        let reason = reason_of(error);
                        self.members.0[at].reason = reason.clone();
                        self.again(at, reason).await?;
                    }
                }
                State::Down | State::Done => {}
            }
        }
        Ok(())
    }
}
