//! The loop of a live stage.

use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Waiting, Poll, ready};

use tokio::task::coop;

use super::step::{After, Step, call};
use crate::batch::Batch;
use crate::callbacks::{Answer, Apart, Asks, Callbacks, Context};
use crate::cancel::{Ended, Reason};
use crate::demand::Demand;
use crate::error::{Cause, StageFailure};
use crate::fuzz;
use crate::host::Ending;
use crate::receipt::{Events, Receipt, Receipts};
use crate::slot::Warnings;
use crate::stage::care::text;
use crate::stage::inlet::{Front, Inlet};
use crate::stage::outlet::Outlet;
use crate::subscribe::{Subscribe, Subscription};
use crate::subscription::{Call, Down, Inbox, Look, Note, Order, Subscriber, Up};
use crate::telemetry::Name;

/// What a live stage begins with.
pub(crate) struct Setup<S: Callbacks> {
    pub(crate) stage: S,
    /// What it shares with its handles; what it counts in.
    pub(crate) shared: Arc<Inbox<Down<S::In>>>,
    pub(crate) inlet: Option<Inlet<S::In>>,
    pub(crate) outlet: Option<Box<Outlet<S::Out>>>,
    /// It stands in a pipeline: it ends with the last of its producers, and with the first of its consumers.
    pub(crate) in_pipeline: bool,
}

/// Where a live stage is in its life.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    New,
    Running,
    /// It takes no more, and ends when everything it has emitted is delivered.
    Finishing,
    /// `on_stop` is next.
    Stopping,
    /// `on_stop` runs.
    Last,
}

type Working<S> = Pin<Box<dyn Future<Output = (S, Context<<S as Callbacks>::Out>, Answer, After)> + Send>>;

/// What only some stages need, or need only for a while.
struct Extra<S: Callbacks> {
    /// The callback that waits.
    working: Option<Working<S>>,
    /// Why the stage is about to end, if it is.
    reason: Option<Reason>,
    /// What was said to the stage and waits: for its turn, or for room in the buffer.
    /// Those that push, which wait for room in the buffer, and the others, each with its place among all of them.
    pushes: VecDeque<(u64, Note)>,
    others: VecDeque<(u64, Note)>,
    heard: u64,
    warnings: Warnings,
    failure: Option<Cause>,
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
    fn put(&mut self, note: Note) {
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

/// A live stage's task.
pub(crate) struct LiveTask<S: Callbacks> {
    /// Away while one of its callbacks waits.
    stage: Option<S>,
    inlet: Option<Inlet<S::In>>,
    outlet: Option<Box<Outlet<S::Out>>>,
    shared: Arc<Inbox<Down<S::In>>>,
    phase: Phase,
    in_pipeline: bool,
    /// It has work under way elsewhere: it does not end before that is done.
    busy: bool,
    extra: Option<Box<Extra<S>>>,
}

impl<S: Callbacks> Unpin for LiveTask<S> {}

impl<S: Callbacks> LiveTask<S> {
    pub(crate) fn new(setup: Setup<S>) -> Self {
        let Setup { stage, shared, inlet, outlet, in_pipeline } = setup;
        LiveTask { stage: Some(stage), inlet, outlet, shared, phase: Phase::New, in_pipeline, busy: false, extra: None }
    }

    fn extra(&mut self) -> &mut Extra<S> {
        self.extra.get_or_insert_default()
    }

    fn name(&self) -> Name {
        self.shared.meter.name(S::name)
    }

    /// The next phase, in which it is known why the stage ends.
    fn goes_to(&mut self, phase: Phase, reason: Reason) {
        self.phase = phase;
        self.extra().reason = Some(reason);
    }

    /// Why it ends: known in the later phases.
    fn reason(&self) -> Reason {
        self.extra.as_ref().and_then(|extra| extra.reason.clone()).unwrap_or(Reason::Shutdown)
    }

    /// The stage ends when what it has emitted is delivered.
    fn finish(&mut self, reason: Reason) {
        if matches!(self.phase, Phase::New | Phase::Running) {
            if let Some(inlet) = &mut self.inlet {
                inlet.cancel(&Ended::Cancelled(reason.clone()));
            }
            self.goes_to(Phase::Finishing, reason);
        }
    }

    /// The stage ends now.
    fn stop(&mut self, reason: Reason) {
        if !matches!(self.phase, Phase::Stopping | Phase::Last) {
            self.goes_to(Phase::Stopping, reason);
        }
    }

    fn fail(&mut self, cause: Cause) {
        self.stop(Reason::error(&cause));
        self.extra().failure.get_or_insert(cause);
    }

    /// A callback panicked: nothing of the stage is used again, not for `on_stop` either.
    fn panicked(&mut self, panic: &(dyn Any + Send)) {
        let cause = Cause::Panicked(text(panic));
        // The batch that was being handled has failed, all of it.
        let given = self.inlet.as_mut().map_or(0, Inlet::absolve_all);
        self.shared.meter.events_in.add(given as u64);
        let failed = given.max(1);
        self.shared.meter.failed.add(failed as u64);
        self.goes_to(Phase::Last, Reason::error(&cause));
        self.extra().failure.get_or_insert(cause);
        self.stage = None;
    }

    /// No callback waits any longer.
    fn idle(&mut self) {
        if let Some(extra) = &mut self.extra {
            extra.working = None;
        }
    }

    /// A callback that cannot wait.
    fn at_once<R>(&mut self, call: impl FnOnce(&mut S) -> R) -> Option<R> {
        let stage = self.stage.as_mut()?;
        match catch_unwind(AssertUnwindSafe(|| call(stage))) {
            Ok(result) => Some(result),
            Err(panic) => {
                self.panicked(&*panic);
                None
            }
        }
    }

    /// Runs a callback, to its end if it does not wait.
    fn begin(&mut self, step: Step<S>, after: After, cx: &mut Waiting<'_>) {
        let mut context = Context::new();
        if let Step::Start = step {
            context.apart.name = Some(self.name());
        }
        if !S::SYNC {
            let Some(mut stage) = self.stage.take() else { return };
            let working = Box::pin(async move {
                let answer = call(&mut stage, step, &mut context).await;
                (stage, context, answer, after)
            });
            self.extra().working = Some(working);
            return;
        }
        let Some(stage) = self.stage.as_mut() else { return };
        match catch_unwind(AssertUnwindSafe(|| pin!(call(stage, step, &mut context)).poll(cx))) {
            Ok(Poll::Ready(answer)) => self.complete(context, answer, after),
            Ok(Poll::Pending) => self.waited(),
            Err(panic) => self.panicked(&*panic),
        }
    }

    /// A batch comes to the stage: nearly all that it ever does, and so straight to the callback.
    fn hand(&mut self, batch: Batch<S::In>, from: Subscription, cx: &mut Waiting<'_>) {
        if !S::SYNC {
            let (step, after) = handed(batch, from);
            return self.begin(step, after, cx);
        }
        let Some(stage) = self.stage.as_mut() else { return };
        let (n, Events { values, receipts }) = (batch.len(), owned(batch));
        let mut context = Context::new();
        context.apart.receipts = receipts;
        match catch_unwind(AssertUnwindSafe(|| pin!(stage.on_events(values, &from, &mut context)).poll(cx))) {
            Ok(Poll::Ready(answer)) => self.settled(context, answer, n),
            Ok(Poll::Pending) => self.waited(),
            Err(panic) => self.panicked(&*panic),
        }
    }

    /// A callback of a stage without any that waits has waited.
    #[cold]
    fn waited(&mut self) {
        self.fail(Cause::Graph("a callback waited, but `Callbacks::SYNC` promises that none does".into()));
    }

    /// Counts what became of events elsewhere.
    fn tally(&self, apart: &Apart) {
        let Apart { failed, lost, restarts, .. } = *apart;
        if failed + lost + restarts > 0 {
            let meter = &self.shared.meter;
            meter.failed.add(failed);
            meter.lost.add(lost);
            meter.restarts.add(restarts);
        }
    }

    /// A callback has returned: what it emitted goes out, then what follows is done.
    fn complete(&mut self, context: Context<S::Out>, answer: Answer, after: After) {
        if let After::Settle(n) = after {
            return self.settled(context, answer, n);
        }
        let Context { events, stop, finish, apart } = context;
        self.busy = apart.busy.unwrap_or(self.busy);
        self.tally(&apart);
        if let (After::Remove(sub, ended), Some(outlet)) = (&after, &mut self.outlet) {
            outlet.cancelled(*sub, ended.clone());
        }
        self.emit(Events::from(events));
        match after {
            After::Started => match (&answer, &stop) {
                (Ok(()), None) => self.started(),
                // It has not begun: there is nothing for `on_stop` to end.
                (Ok(()), Some(reason)) => self.goes_to(Phase::Last, reason.clone()),
                (Err(error), _) => self.goes_to(Phase::Last, Reason::error(error)),
            },
            After::Mode(mode, ended, tag) if mode.ends(ended.reason()) && !self.in_pipeline => {
                if matches!(ended, Ended::Down(_)) && matches!(self.phase, Phase::Running) {
                    self.shared.meter.follow(tag);
                }
                self.follow(ended.reason().clone());
            }
            _ => {}
        }
        if answer.is_err() || stop.is_some() || finish {
            self.answered(answer, stop, finish);
        }
    }

    /// As [`complete`](Self::complete), of a callback that was given `n` events.
    #[inline]
    fn settled(&mut self, context: Context<S::Out>, answer: Answer, n: usize) {
        let Context { events, stop, finish, apart } = context;
        let ends = answer.is_err() || stop.is_some() || finish;
        let mut events = Events::from(events);
        self.busy = apart.busy.unwrap_or(self.busy);
        self.tally(&apart);
        self.shared.meter.events_in.add(n as u64);
        match answer {
            Ok(()) => share(apart.receipts.and_then(Receipts::into_one), &mut events),
            // Dropped unsettled, the receipts of the batch have failed.
            Err(_) => self.shared.meter.failed.add(n as u64),
        }
        self.emit(events);
        // R3: the ask goes out after what was emitted. R7: a stage that ends here asks for nothing.
        if let Some(inlet) = &mut self.inlet {
            if ends {
                inlet.ask_no_more();
            }
            inlet.settle(n);
        }
        if ends {
            self.answered(answer, stop, finish);
        }
    }

    /// What a callback has said that ends the stage.
    #[cold]
    fn answered(&mut self, answer: Answer, stop: Option<Reason>, finish: bool) {
        if let Err(error) = answer {
            self.fail(Cause::Failed(error));
        }
        match stop {
            // In a pipeline somebody waits for what went wrong.
            Some(Reason::Error(text)) if self.in_pipeline => self.fail(Cause::Failed((&*text).into())),
            Some(reason) => self.stop(reason),
            None => {}
        }
        if finish {
            self.finish(Reason::Normal);
        }
    }

    /// A subscription has ended, and the stage ends with it.
    fn follow(&mut self, reason: Reason) {
        tracing::info!(stage = &*self.name(), %reason, "stops: a subscription has ended");
        if reason.is_normal() {
            // What has come, and what was emitted, is not lost.
            self.finish(reason);
        } else {
            self.stop(reason);
        }
    }

    fn started(&mut self) {
        self.phase = Phase::Running;
        self.shared.meter.start();
        // The subscriptions of the graph, if it stands in one.
        for from in self.outlet.as_ref().map(|outlet| outlet.wired()).unwrap_or_default() {
            if let Some(Err(error)) = self.at_once(|stage| stage.on_subscriber(&Subscribe::new(), &from)) {
                self.fail(Cause::Failed(error));
            }
        }
        let orders = self.inlet.as_mut().map(Inlet::take_orders).unwrap_or_default();
        let wired = self.inlet.as_ref().map(Inlet::wired).unwrap_or_default();
        for (options, from) in wired {
            match self.at_once(|stage| stage.on_subscribe(&options, &from)) {
                Some(Ok(asks)) => {
                    if let (Asks::Manually, Some(inlet)) = (asks, &mut self.inlet) {
                        inlet.ask_manually(from.tag);
                    }
                }
                Some(Err(error)) => self.fail(Cause::Failed(error)),
                None => return,
            }
        }
        if let Some(inlet) = &mut self.inlet {
            inlet.open();
        }
        for order in orders {
            if let Down::Subscribe(order) = order {
                self.subscribe(order);
            }
        }
    }

    /// Dispatches what a callback has emitted.
    fn emit(&mut self, events: Events<S::Out>) {
        let Some(outlet) = &mut self.outlet else { return };
        if events.is_empty() {
            return;
        }
        self.shared.meter.events_out.add(events.len() as u64);
        match outlet.emit(events) {
            Ok(dropped) if dropped.is_empty() => {}
            Ok(dropped) => self.discarded(dropped),
            Err(capacity) => self.fail(Cause::Overflow { capacity }),
        }
    }

    /// Shows the user what was discarded, and says so.
    fn discarded(&mut self, dropped: Vec<Events<S::Out>>) {
        let values: Vec<_> = dropped.into_iter().flat_map(|events| events.values).collect();
        let discarded = values.len();
        if self.at_once(|stage| stage.on_discarded(values)) == Some(true) {
            let name = self.name();
            if let Some(hidden) = self.extra().warnings.due() {
                tracing::warn!(stage = &*name, discarded, hidden, "discarded events: nobody asked in time");
            }
        }
    }

    /// The stage subscribes to a producer.
    fn subscribe(&mut self, order: Order<S::In>) {
        if !matches!(self.phase, Phase::Running) {
            // It takes no more: the answer goes out with the order.
            if let Some(confirm) = order.subscriber.confirm {
                let _ = confirm.send(Err(Reason::Refused("the stage is about to end, and takes no more".into())));
            }
            return;
        }
        let Some(from) = self.inlet.as_ref().map(|inlet| inlet.handle_of(&order)) else { return };
        match self.at_once(|stage| stage.on_subscribe(&order.subscriber.options, &from)) {
            Some(Ok(asks)) => {
                let manual = order.subscriber.options.manual || asks == Asks::Manually;
                if let Some(inlet) = &mut self.inlet {
                    inlet.subscribe(order, manual);
                }
            }
            Some(Err(error)) => self.fail(Cause::Failed(error)),
            None => {}
        }
    }

    /// A consumer subscribes to the stage.
    fn subscriber(&mut self, subscriber: Subscriber<S::Out>) {
        let Some(consumer) = subscriber.target.as_ref().map(|target| target.inbox.clone()) else { return };
        let from = Subscription { tag: subscriber.tag, consumer };
        let answer = self.at_once(|stage| stage.on_subscriber(&subscriber.options, &from));
        // It is a subscription in any case: should the stage end now, the consumer is told.
        if let Some(outlet) = &mut self.outlet {
            outlet.subscribed(subscriber);
        }
        if let Some(Err(error)) = answer {
            self.fail(Cause::Failed(error));
        }
    }

    /// Reads both inboxes, up to what has to run a callback, which it does: was there one?
    fn hear(&mut self, cx: &mut Waiting<'_>) -> bool {
        while let Some(message) = self.outlet.as_mut().and_then(|outlet| outlet.hear(cx)) {
            let Some(outlet) = &mut self.outlet else { break };
            match message {
                Up::Ask { .. } | Up::Again { .. } => {
                    let (sub, demand) = match message {
                        Up::Again { sub, demand, .. } => (sub, demand as usize),
                        Up::Ask { sub, demand } => (sub, demand),
                        _ => continue,
                    };
                    outlet.asked(sub, demand);
                    // R9: it is told of each ask before the next is heard.
                    if let Some((step, after)) = self.due() {
                        self.begin(step, after, cx);
                        return true;
                    }
                }
                Up::Cancel { sub, ended } => match outlet.handle_of(sub) {
                    // R14: the callback comes before the dispatcher hears of it.
                    Some(from) => {
                        let step = Step::SubscriberCancel(ended.clone(), from);
                        self.begin(step, After::Remove(sub, ended), cx);
                        return true;
                    }
                    None => outlet.cancelled(sub, ended),
                },
                Up::Drain => self.finish(Reason::Normal),
                Up::Subscribe(subscriber) => self.subscriber(*subscriber),
                Up::Note(note) => {
                    self.extra().put(note);
                    // In its turn: before what was said after it. A full buffer holds it back, and nothing else.
                    if !self.is_full() {
                        return false;
                    }
                }
            }
        }
        while let Some(message) = self.inlet.as_mut().and_then(|inlet| inlet.hear(cx)) {
            let Some(inlet) = &mut self.inlet else { break };
            match message {
                Down::Events { sub, batch } => {
                    let wanted = self.outlet.as_ref().is_none_or(|outlet| outlet.is_wanted());
                    // The way of nearly every batch: it need not wait for its turn.
                    if let Some((batch, from)) = inlet.accept(sub, batch, wanted) {
                        self.hand(batch, from, cx);
                        return true;
                    }
                }
                Down::Ended { sub, ended } => inlet.queue_ended(sub, ended),
                Down::Subscribe(order) => self.subscribe(order),
                Down::Ask { tag, demand } => inlet.ask(tag, demand.get()),
                Down::Cancel { tag, reason, quiet } => inlet.cancel_one(tag, reason, quiet),
                Down::Note(note) => {
                    self.extra().put(note);
                    // R38: an info does not wait for what has come after it.
                    if !self.is_full() {
                        return false;
                    }
                }
            }
        }
        false
    }

    /// Whether whoever pushes has to wait.
    fn is_full(&self) -> bool {
        self.outlet.as_ref().is_some_and(|outlet| outlet.is_full())
    }

    /// What was said to the stage from outside, in order. While the buffer is full whoever pushes waits.
    fn note(&mut self) -> Option<Note> {
        self.extra.as_ref()?;
        let full = self.is_full();
        self.extra.as_mut()?.take(full)
    }

    /// Carries out the next note that does not have to wait, if there is one.
    fn attend(&mut self, cx: &mut Waiting<'_>) -> bool {
        let Some(note) = self.note() else { return false };
        if let Some(info) = self.heed(note) {
            self.begin(Step::Info(info), After::Nothing, cx);
        }
        true
    }

    /// Carries a note out; an info may have its callback now.
    fn heed(&mut self, note: Note) -> Option<S::Info> {
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
    fn info(&mut self, info: Box<dyn Any + Send>) -> Option<S::Info> {
        let info = match &mut self.outlet {
            Some(outlet) => outlet.info(info)?,
            None => info,
        };
        info.downcast().ok().map(|info| *info)
    }

    fn called(&mut self, call: Call) {
        let mut context = Context::<S::Out>::new();
        if let Some(reply) = self.at_once(|stage| call(stage, &mut context)) {
            self.complete(context, Ok(()), After::Nothing);
            // R15: events go out before the reply.
            reply();
        }
    }

    /// What the dispatcher has to say for itself.
    fn take_news(&mut self) {
        let Some((discarded, fault)) = self.outlet.as_mut().map(|outlet| outlet.news()) else { return };
        if !discarded.is_empty() {
            self.discarded(discarded);
        }
        if let Some(cause) = fault {
            self.fail(cause);
        }
    }

    /// What the outlet wants done: infos whose turn has come, and demand that is to be told.
    fn due(&mut self) -> Option<(Step<S>, After)> {
        if let Some(info) = self.outlet.as_mut().and_then(|outlet| outlet.due())
            && let Ok(info) = info.downcast()
        {
            return Some((Step::Info(*info), After::Nothing));
        }
        if matches!(self.phase, Phase::Running)
            && self.inlet.is_none()
            && let Some(demand) = self.outlet.as_mut().and_then(|outlet| outlet.tell())
        {
            return Some((Step::Demand(Demand::new(demand)), After::Nothing));
        }
        None
    }

    /// What comes next of what is there to be done.
    fn next(&mut self) -> Option<(Step<S>, After)> {
        if let Some(step) = self.due() {
            return Some(step);
        }
        // What has come may be infos that only move on into the buffer.
        while matches!(self.inlet.as_ref()?.front()?, Front::Info) {
            let info = self.inlet.as_mut()?.next_info()?;
            if let Some(info) = self.info(info) {
                return Some((Step::Info(info), After::Nothing));
            }
        }
        let wanted = self.outlet.as_ref().is_none_or(|outlet| outlet.is_wanted());
        let inlet = self.inlet.as_mut()?;
        match inlet.front()? {
            Front::Ended => {
                let (ended, from, mode) = inlet.next_ended()?;
                if let Reason::Refused(text) = ended.reason() {
                    tracing::warn!(stage = &*self.name(), "a subscription was refused: {text}");
                }
                let after = After::Mode(mode, ended.clone(), from.tag);
                Some((Step::Cancel(ended, from), after))
            }
            // R35, R36: without demand nothing is begun; what is begun is handled to its end.
            Front::Batch if wanted || inlet.has_begun() => {
                let (batch, from) = inlet.next_from()?;
                Some(handed(batch, from))
            }
            Front::Batch | Front::Info => None,
        }
    }

    /// Whether the stage has done everything it is going to do.
    fn is_over(&self) -> bool {
        let quiet = self.inlet.as_ref().is_none_or(|inlet| inlet.is_empty());
        quiet && !self.busy && self.outlet.as_ref().is_none_or(|outlet| outlet.is_clear())
    }

    /// Tells both neighbours, once (l08), and lets everything go.
    fn end(&mut self, reason: Reason) -> Ending {
        self.shared.meter.close(&reason);
        let ended = Ended::Down(reason.clone());
        if let Some(inlet) = &mut self.inlet {
            inlet.cancel(&ended);
        }
        if let Some(outlet) = &mut self.outlet {
            outlet.end(&ended);
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            (self.inlet, self.outlet) = (None, None);
            self.stage = None;
        }));
        let failure = self.extra.take().and_then(|extra| extra.failure);
        let failure = failure.or_else(|| Some(Cause::Panicked(text(&*dropped.err()?))));
        self.shared.meter.end(reason);
        if let (Some(cause), false) = (&failure, self.in_pipeline) {
            // Nobody has to wait for a live stage: what went wrong is told all the same.
            tracing::error!(stage = &*self.name(), "stopped: {cause}");
        }
        match failure {
            Some(cause) => Err(StageFailure { stage: (&self.name()).into(), cause }),
            None => Ok(()),
        }
    }
}

/// What came of a batch shares its receipt; if nothing did, it is settled.
fn share<T>(receipt: Option<Receipt>, events: &mut Events<T>) {
    let Some(mut receipt) = receipt else { return };
    for _ in 1..events.len() {
        let share = receipt.share();
        events.attach(share);
    }
    if events.is_empty() { receipt.settle(true) } else { events.attach(receipt) }
}

/// The callback for a batch.
fn handed<S: Callbacks>(batch: Batch<S::In>, from: Subscription) -> (Step<S>, After) {
    let n = batch.len();
    (Step::Events(owned(batch), from), After::Settle(n))
}

fn owned<T>(batch: Batch<T>) -> Events<T> {
    match batch {
        Batch::Owned(events) => events,
        Batch::Lent(..) => unreachable!("a stage of callbacks takes its events by value: nothing is lent to it"),
    }
}

impl<S: Callbacks> Future for LiveTask<S> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Waiting<'_>) -> Poll<Ending> {
        let this = &mut *self;
        if fuzz::gives_way(cx) {
            return Poll::Pending;
        }
        // What runs of the user's outside of a callback (a dispatcher of their own, the `Clone` of an event) is contained
        // here: the stage ends as after a panic of a callback.
        match catch_unwind(AssertUnwindSafe(|| this.turn(cx))) {
            Ok(polled) => polled,
            Err(panic) => {
                this.panicked(&*panic);
                let reason = this.reason();
                Poll::Ready(this.end(reason))
            }
        }
    }
}

impl<S: Callbacks> LiveTask<S> {
    /// Everything there is to be done.
    fn turn(&mut self, cx: &mut Waiting<'_>) -> Poll<Ending> {
        let this = self;
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            if let Some(working) = this.extra.as_mut().and_then(|extra| extra.working.as_mut()) {
                match catch_unwind(AssertUnwindSafe(|| working.as_mut().poll(cx))) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready((stage, context, answer, after))) => {
                        this.idle();
                        this.stage = Some(stage);
                        this.complete(context, answer, after);
                    }
                    Err(panic) => {
                        this.idle();
                        this.panicked(&*panic);
                    }
                }
            }
            coop.made_progress();
            match this.phase {
                Phase::New => {
                    // Whatever comes of it, it has begun once.
                    this.phase = Phase::Running;
                    this.begin(Step::Start, After::Started, cx);
                    continue;
                }
                Phase::Stopping => {
                    this.phase = Phase::Last;
                    this.begin(Step::Stop(this.reason()), After::Stopped, cx);
                    continue;
                }
                Phase::Last => return Poll::Ready(this.end(this.reason())),
                Phase::Running | Phase::Finishing => {}
            }
            // Notes first: a stage that is asked all the time can be called all the same.
            if this.attend(cx) {
                continue;
            }
            if this.hear(cx) {
                continue;
            }
            this.take_news();
            if matches!(this.phase, Phase::Stopping | Phase::Last) {
                continue;
            }
            if this.attend(cx) {
                continue;
            }
            if let Some((step, after)) = this.next() {
                this.begin(step, after, cx);
                continue;
            }
            if this.in_pipeline {
                if this.outlet.as_ref().is_some_and(|outlet| outlet.is_cancelled()) {
                    this.stop(Reason::Shutdown);
                    continue;
                }
                if this.inlet.as_ref().is_some_and(|inlet| inlet.is_ended()) {
                    this.finish(Reason::Normal);
                }
            }
            match this.phase {
                Phase::Finishing if this.is_over() => this.phase = Phase::Stopping,
                Phase::Finishing | Phase::Running => return Poll::Pending,
                _ => {}
            }
        }
    }
}

impl<S: Callbacks> Drop for LiveTask<S> {
    fn drop(&mut self) {
        if self.shared.meter.ended().is_none() {
            // Aborted: the neighbours are told, and what was lost is counted, as the halves are dropped.
            let reason = Reason::error("aborted");
            self.shared.meter.close(&reason);
            // A panic of the user's own destructors keeps nobody waiting for the end.
            let drops: [&mut dyn FnMut(&mut Self); 3] =
                [&mut |this| this.idle(), &mut |this| (this.inlet, this.outlet) = (None, None), &mut |this| {
                    this.stage = None
                }];
            for drop in drops {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(self))) {
                    let panic = text(&*panic);
                    tracing::warn!(stage = &*self.name(), panic, "a destructor panicked as the stage was aborted");
                }
            }
            self.shared.meter.end(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::NoEvents;

    /// A consumer with a pointer for its state.
    struct Small(#[expect(dead_code, reason = "its size counts")] Arc<()>);
    impl Callbacks for Small {
        type In = u64;
        type Out = NoEvents;
        type Info = ();
    }

    #[test]
    fn an_idle_stage_is_small() {
        // tokio's cell for a task has 104 bytes of its own, and is a multiple of 128.
        assert!(size_of::<LiveTask<Small>>() <= 152, "{}", size_of::<LiveTask<Small>>());
        // With the two counts of its `Arc` and the word that the allocator keeps it fills what is left to the next cell.
        assert!(size_of::<Inbox<Down<u64>>>() <= 88, "{}", size_of::<Inbox<Down<u64>>>());
    }
}
