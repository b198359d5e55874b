//! Live stages under faults: whatever ends them, what they were given and what they made is accounted for; and what
//! they may do to themselves and to each other while they run.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use stagekit::Demand;
use stagekit::dispatcher::{self, Deliver, Dispatch, Partition, Sub};
use stagekit::live::{Answer, Callbacks, Cancel, Context, Live, NoEvents, Reason, Subscribe, Subscription, live};
use stagekit::prelude::*;
use stagekit::test::{TestConsumer, TestProducer, quiet};
use stagekit::{Events, StageSummary};

use super::{finish, pass, pass_later, until};
use crate::Seen;
use crate::conservation::{Item, Items, Ledger};

/// What a stage does in one of its callbacks when it comes to its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Nothing,
    Fails,
    Panics,
    Stops,
    Finishes,
    Waits,
}

/// When, and what.
#[derive(Clone, Copy)]
struct Plan(u64, Act);

const CALM: Plan = Plan(u64::MAX, Act::Nothing);

impl Plan {
    /// Before a batch is handled.
    async fn act<T>(self, items: &[Item], cx: &mut Context<T>) -> Answer {
        if !items.iter().any(|item| item.id == self.0) {
            return Ok(());
        }
        match self.1 {
            Act::Nothing => {}
            Act::Fails => {
                Item::fail_together(items);
                return Err("as planned".into());
            }
            Act::Panics => {
                Item::fail_together(items);
                panic!("as planned");
            }
            Act::Stops => cx.stop(Reason::Shutdown),
            Act::Finishes => cx.finish(),
            Act::Waits => std::future::pending().await,
        }
        Ok(())
    }
}

/// Gives items as they are asked for.
struct Makes {
    items: Items,
    ledger: Ledger,
    plan: Plan,
}

impl Callbacks for Makes {
    type In = NoEvents;
    type Out = Item;
    type Info = ();
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<Item>) -> Answer {
        if self.ledger.made() >= self.plan.0 {
            match self.plan.1 {
                Act::Fails => return Err("as planned".into()),
                Act::Panics => {
                    self.ledger.fails();
                    panic!("as planned");
                }
                act => Plan(0, act).act(&[], cx).await?,
            }
            if self.plan.1 == Act::Stops {
                cx.stop(Reason::Shutdown);
            }
            if self.plan.1 == Act::Waits {
                std::future::pending::<()>().await;
            }
        }
        let before = self.ledger.made();
        // It gives more than it is asked for, so that something rests in its buffer.
        cx.emit_all(self.items.by_ref().take(demand.get() + 3));
        if self.ledger.made() == before || self.plan.1 == Act::Finishes && before >= self.plan.0 {
            cx.finish();
        }
        Ok(())
    }
}

struct Passes(Plan);

impl Callbacks for Passes {
    type In = Item;
    type Out = Item;
    type Info = ();
    async fn on_events(&mut self, items: Vec<Item>, _: &Subscription, cx: &mut Context<Item>) -> Answer {
        tokio::task::yield_now().await;
        self.0.act(&items, cx).await?;
        cx.emit_all(items);
        Ok(())
    }
}

struct Ends(Plan);

impl Callbacks for Ends {
    type In = Item;
    type Out = NoEvents;
    type Info = ();
    async fn on_events(&mut self, items: Vec<Item>, _: &Subscription, cx: &mut Context<NoEvents>) -> Answer {
        self.0.act(&items, cx).await?;
        tokio::task::yield_now().await;
        items.iter().for_each(Item::done);
        Ok(())
    }
}

fn together(stages: impl IntoIterator<Item = StageSummary>) -> Summary {
    let mut summary = Summary::default();
    summary.stages.extend(stages);
    summary
}

fn makes(ledger: &Ledger, n: u64, plan: Plan) -> Makes {
    Makes { items: ledger.items(n), ledger: ledger.clone(), plan }
}

#[tokio::test(start_paused = true)]
async fn events_of_live_stages_are_conserved_however_one_of_them_ends() {
    const ACTS: [Act; 6] = [Act::Nothing, Act::Fails, Act::Panics, Act::Stops, Act::Finishes, Act::Waits];
    for (at, act) in (0..3).flat_map(|at| ACTS.map(|act| (at, act))) {
        eprintln!("{act:?} at {at}");
        let plan = |stage: usize| if stage == at { Plan(60, act) } else { CALM };
        let ledger = Ledger::new();
        let source = live(makes(&ledger, 300, plan(0))).start().await.unwrap();
        let middle = live(Passes(plan(1))).start().await.unwrap();
        let end = live(Ends(plan(2))).start().await.unwrap();
        let options = || Subscribe::new().max_demand(10).cancel(Cancel::Permanent);
        end.subscribe(&middle.outlet(), options()).await.unwrap();
        middle.subscribe(&source.outlet(), options()).await.unwrap();
        quiet().await;
        // Whoever waits for ever is aborted; who has lost its consumer, or its event to come, is stopped.
        if act == Act::Waits {
            match at {
                0 => source.abort(),
                1 => middle.abort(),
                _ => end.abort(),
            }
        }
        end.stop(Reason::Shutdown).await;
        middle.stop(Reason::Shutdown).await;
        source.stop(Reason::Shutdown).await;
        ledger.check(&together([source.summary(), middle.summary(), end.summary()])).await;
        assert!(ledger.made() >= 60, "{act:?} at {at}: it came to that");
        if act == Act::Nothing {
            assert_eq!(ledger.handled(), 300);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_live_stages_in_a_pipeline_are_conserved_however_one_of_them_ends() {
    const ACTS: [Act; 6] = [Act::Nothing, Act::Fails, Act::Panics, Act::Stops, Act::Finishes, Act::Waits];
    type Kind = (&'static str, fn(&Ledger, Plan) -> Pipeline);
    // The events of a batch of callbacks share its receipt, and so each other's fate: here are none.
    let kinds: [Kind; 5] = [
        (
            "producer",
            |l, plan| pipeline! { { live(makes(l, 300, plan)) } => pass.max_demand(10) => finish.max_demand(5) },
        ),
        (
            "producer-consumer",
            |l, plan| pipeline! { { from_iter(l.items(300)) } => { live(Passes(plan)) }.max_demand(10) => finish.max_demand(5) },
        ),
        (
            "consumer",
            |l, plan| pipeline! { { l.queue(300) } => pass_later.max_demand(10) => { live(Ends(plan)) }.max_demand(5) },
        ),
        ("all", |l, plan| {
            pipeline! { { live(makes(l, 300, CALM)) } => { live(Passes(plan)) }.max_demand(10) => { live(Ends(CALM)) }.max_demand(5) }
        }),
        ("partitions", |l, plan| {
            pipeline! { { from_iter(l.items(300)) } => { live(Passes(plan)) }.max_demand(10) => by |item| item.key [finish.max_demand(4), pass_later.max_demand(3) => finish.name("b")] }
        }),
    ];
    for (kind, pipeline) in kinds {
        for act in ACTS {
            eprintln!("{act:?} of the {kind}");
            let ledger = Ledger::new();
            let running = pipeline(&ledger, Plan(60, act)).spawn();
            let result = if act == Act::Waits {
                quiet().await;
                Err(running.abort(super::LONG).await)
            } else {
                running.await
            };
            ledger.check_result(&result).await;
            match act {
                Act::Nothing => assert_eq!(ledger.handled(), 300, "{kind}"),
                Act::Fails => assert!(result.unwrap_err().is_failure(), "{kind}"),
                Act::Panics => assert!(result.unwrap_err().is_panic(), "{kind}"),
                Act::Stops | Act::Finishes | Act::Waits => {}
            }
        }
    }
}

/// A function of the user's in the dispatcher: the stage ends with its panic, and the events behind it are discarded.
#[tokio::test(start_paused = true)]
async fn f01_a_panic_of_a_live_stages_partition_function_ends_it() {
    let ledger = Ledger::new();
    let partition = Partition::new([0, 1], |item: Item| {
        if item.id == 50 {
            item.fails();
            panic!("the function");
        }
        let at = item.id % 2;
        Some((item, at))
    });
    let source = live(makes(&ledger, 300, CALM)).dispatcher(partition).start().await.unwrap();
    let end = live(Ends(CALM)).start().await.unwrap();
    for at in [0u64, 1] {
        end.subscribe(&source.outlet(), Subscribe::new().max_demand(10).partition(at)).await.unwrap();
    }
    assert!(source.ended().await.to_string().contains("the function (in the function of its partitions)"));
    assert!(!end.ended().await.is_normal());
    assert_eq!(source.summary().failed, 1);
    ledger.check_unordered(&together([source.summary(), end.summary()])).await;
}

/// In turn, and counts how often it is looked at: each wake-up of its stage looks.
#[derive(Default)]
pub(super) struct Watched {
    turns: VecDeque<(Sub, usize)>,
    looks: Arc<AtomicUsize>,
    /// The highest number that a subscription had.
    most: Arc<AtomicUsize>,
}

impl Watched {
    pub(super) fn counted() -> (Self, Arc<AtomicUsize>) {
        let watched = Watched::default();
        let most = watched.most.clone();
        (watched, most)
    }
}

impl<T> Dispatch<T> for Watched {
    fn subscribe(&mut self, sub: Sub, _: &Subscribe<T>, _: usize) -> Result<(), String> {
        self.most.fetch_max(sub, Ordering::SeqCst);
        self.turns.push_back((sub, 0));
        Ok(())
    }
    fn cancel(&mut self, sub: Sub) {
        self.turns.retain(|turn| turn.0 != sub);
    }
    fn ask(&mut self, sub: Sub, demand: Demand, _: &mut Deliver<'_, T>) {
        assert!(demand > Demand::ZERO, "f11");
        if let Some(turn) = self.turns.iter_mut().find(|turn| turn.0 == sub) {
            turn.1 = turn.1.saturating_add(demand.get());
        }
    }
    fn demand(&self) -> Demand {
        self.looks.fetch_add(1, Ordering::SeqCst);
        Demand::new(self.turns.iter().fold(0, |sum, turn| sum.saturating_add(turn.1)))
    }
    fn dispatch(&mut self, mut events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T> {
        for turn in &mut self.turns {
            let n = turn.1.min(events.len());
            turn.1 -= n;
            deliver.send(turn.0, events.split_front(n));
        }
        events
    }
}

/// Notes what it is asked for, and gives up to five numbers for it.
struct Asked(Seen<usize>, std::ops::RangeFrom<u64>);

impl Callbacks for Asked {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        self.0.push(demand.get());
        cx.emit_all(self.1.by_ref().take(demand.get().min(5)));
        Ok(())
    }
}

/// Gives numbers when it is told to, and not when it is asked.
pub(super) struct Owes;

impl Callbacks for Owes {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
}

/// Takes numbers.
pub(super) struct Listens;

impl Callbacks for Listens {
    type In = u64;
    type Out = NoEvents;
    type Info = ();
}

#[tokio::test(start_paused = true)]
async fn f11_to_ask_for_nothing_wakes_nobody() {
    let (asks, watched) = (Seen::default(), Watched::default());
    let looks = watched.looks.clone();
    let source = live(Asked(asks.clone(), 0..)).dispatcher(watched).start().await.unwrap();
    let mut probe = TestConsumer::new();
    let subscription = probe.subscribe(&source.outlet(), Subscribe::new()).await.unwrap();
    quiet().await;
    let before = looks.load(Ordering::SeqCst);
    for _ in 0..100 {
        subscription.ask(0);
        probe.ask(0).await;
    }
    probe.expect_nothing().await;
    assert_eq!((looks.load(Ordering::SeqCst), asks.all()), (before, vec![]), "the producer was woken");
    subscription.ask(2);
    probe.expect_events([0, 1]).await;
    assert_eq!(asks.all(), [2]);
    // A probe as a producer is not told either.
    let mut input = TestProducer::<u64>::new();
    let outlet = input.outlet();
    let subscription = probe.subscribe(&outlet, Subscribe::new());
    let (subscription, ()) = tokio::join!(subscription, input.expect_no_ask());
    subscription.unwrap().ask(0);
    probe.expect_nothing().await;
    input.expect_no_ask().await;
}

/// How many events have come.
async fn taken(probe: &mut TestConsumer<u64>) -> usize {
    let mut got = 0;
    while let std::task::Poll::Ready(Ok(batch)) = futures::poll!(std::pin::pin!(probe.next_batch())) {
        got += batch.len();
    }
    got
}

#[tokio::test(start_paused = true)]
async fn f12_the_largest_asks_saturate() {
    const MOST: usize = usize::MAX;
    for kind in 0..4 {
        for asked in [vec![MOST, MOST], vec![MOST - 1, 2], vec![1, MOST, 1, MOST], vec![MOST / 2 + 1, MOST / 2 + 1, 5]]
        {
            let asks = Seen::default();
            let start = live(Asked(asks.clone(), 0..));
            let start = match kind {
                0 => start,
                1 => start.dispatcher(dispatcher::Broadcast::new()),
                2 => start.dispatcher(Partition::new([0u64, 1], |n: u64| Some((n, n % 2)))),
                _ => start.dispatcher(Watched::default()),
            };
            let source = start.start().await.unwrap();
            let (mut one, mut two) = (TestConsumer::new(), TestConsumer::new());
            let options = |at: u64| if kind == 2 { Subscribe::new().partition(at) } else { Subscribe::new() };
            let first = one.subscribe(&source.outlet(), options(0)).await.unwrap();
            let second = two.subscribe(&source.outlet(), options(1)).await.unwrap();
            let mut got = 0;
            for &events in &asked {
                first.ask(events);
                second.ask(events);
                one.ask(events).await;
                two.ask(events).await;
                quiet().await;
                // A probe hears its subscription when it is looked at.
                got += taken(&mut one).await + taken(&mut two).await;
            }
            for _ in 0..3 {
                source.call(|source, cx| cx.emit_all(source.1.by_ref().take(10))).await.unwrap();
                quiet().await;
                assert_eq!(source.status().await.unwrap().buffered, 0, "{kind}, {asked:?}: nobody waits");
            }
            got += taken(&mut one).await + taken(&mut two).await;
            assert!(got >= 30, "{kind}, {asked:?}: {got}");
            assert!(asks.all().iter().all(|&asked| asked > 0), "{kind}: {:?}", asks.all());
            one.cancel(Reason::Normal);
            quiet().await;
            assert_eq!(source.status().await.unwrap().consumers, 1, "it lives: {:?}", source.reason());
            source.stop(Reason::Normal).await;
        }
    }
}

/// Does everything to itself that it can, from each of its callbacks.
struct Meddles {
    own: Arc<OnceLock<Live<Meddles>>>,
    other: stagekit::live::OutletRef<u64>,
    inside: AtomicBool,
    calls: Arc<AtomicUsize>,
}

impl Meddles {
    fn meddle(&self, from: Option<&Subscription>) {
        assert!(!self.inside.swap(true, Ordering::SeqCst), "l07: a callback in a callback");
        let calls = self.calls.fetch_add(1, Ordering::SeqCst);
        // It has its own address as soon as it has begun.
        if let Some(own) = self.own.get().filter(|_| calls < 200) {
            if let Some(from) = from {
                from.ask(3);
            }
            own.cast(|this, cx| {
                this.meddle(None);
                cx.emit(1);
            })
            .unwrap();
            own.info(7).unwrap();
            let _ = own.subscribe_later(&self.other, Subscribe::new().max_demand(2).cancel(Cancel::Temporary));
            let _ = own.subscribe_later(&own.outlet(), Subscribe::new().manual().cancel(Cancel::Temporary));
            own.accumulate().unwrap();
            own.forward().unwrap();
            let _ = (own.summary(), own.reason(), format!("{own:?}"));
            if calls % 3 == 2
                && let Some(from) = from
            {
                from.cancel(Reason::Shutdown);
                from.cancel(Reason::Shutdown);
                from.ask(5);
            }
        }
        self.inside.store(false, Ordering::SeqCst);
    }
}

impl Callbacks for Meddles {
    type In = u64;
    type Out = u64;
    type Info = u8;
    async fn on_start(&mut self, _: &mut Context<u64>) -> Answer {
        self.meddle(None);
        Ok(())
    }
    async fn on_events(&mut self, _: Vec<u64>, from: &Subscription, cx: &mut Context<u64>) -> Answer {
        self.meddle(Some(from));
        cx.emit(2);
        Ok(())
    }
    async fn on_cancel(&mut self, _: &stagekit::live::Ended, from: &Subscription, _: &mut Context<u64>) -> Answer {
        self.meddle(Some(from));
        Ok(())
    }
    async fn on_subscriber_cancel(
        &mut self,
        _: &stagekit::live::Ended,
        from: &Subscription,
        _: &mut Context<u64>,
    ) -> Answer {
        self.meddle(Some(from));
        Ok(())
    }
    async fn on_info(&mut self, _: u8, _: &mut Context<u64>) -> Answer {
        self.meddle(None);
        Ok(())
    }
    async fn on_stop(&mut self, _: &Reason) {
        self.meddle(None);
    }
}

#[tokio::test(start_paused = true)]
async fn f15_a_live_stage_may_use_its_own_address_in_its_callbacks() {
    let source = live(Asked(Seen::default(), 0..)).start().await.unwrap();
    let (own, calls) = (Arc::<OnceLock<Live<Meddles>>>::default(), Arc::<AtomicUsize>::default());
    let stage =
        Meddles { own: own.clone(), other: source.outlet(), inside: AtomicBool::new(false), calls: calls.clone() };
    let meddles = live(stage).spawn().unwrap();
    own.set(meddles.clone()).unwrap();
    meddles.subscribe(&source.outlet(), Subscribe::new().max_demand(4).cancel(Cancel::Temporary)).await.unwrap();
    let calm = async {
        until(|| calls.load(Ordering::SeqCst) > 200).await;
        quiet().await;
        let status = meddles.status().await.unwrap();
        assert!(!status.accumulates && status.producers > 0, "{status:?}");
        meddles.stop(Reason::Normal).await
    };
    let ended = tokio::time::timeout(super::LONG, calm).await.expect("it locks");
    assert_eq!(ended, Reason::Normal);
    source.stop(Reason::Normal).await;
}

#[tokio::test]
async fn f65_a_thousand_subscribers_come_and_go_under_load_and_nothing_is_lost_silently() {
    let ledger = Ledger::new();
    let source = live(makes(&ledger, 200_000, CALM)).start().await.unwrap();
    let mut here: VecDeque<Live<Ends>> = VecDeque::new();
    let mut gone = Vec::new();
    let mut seed = 1u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    for at in 0..1000 {
        let end = live(Ends(CALM)).name(format!("end {at}")).start().await.unwrap();
        let limits = Subscribe::new().max_demand(1 + random(20) as usize);
        end.subscribe_later(&source.outlet(), limits.cancel(Cancel::Permanent)).unwrap();
        here.push_back(end);
        while here.len() as u64 > 20 + random(200) {
            let Some(end) = here.remove(random(here.len() as u64) as usize) else { break };
            match random(4) {
                0 => end.abort(),
                1 => end.drain(),
                2 => drop(end.cast(|_, _| panic!("away"))),
                _ => drop(end.cast(|_, cx| cx.stop(Reason::Shutdown))),
            }
            gone.push(end);
        }
        if random(3) == 0 {
            tokio::task::yield_now().await;
        }
    }
    until(|| ledger.made() == 200_000 || source.reason().is_some()).await;
    assert!(source.ended().await.is_normal(), "it has given everything, and that was taken");
    for end in here.into_iter().chain(gone.drain(..)).collect::<Vec<_>>() {
        end.ended().await;
        gone.push(end);
    }
    let stages: Vec<_> = gone.iter().map(Live::summary).collect();
    // Those who panicked did so in no event.
    stages.iter().for_each(|stage| (0..stage.failed).for_each(|_| ledger.fails()));
    ledger.check_unordered(&together(std::iter::once(source.summary()).chain(stages))).await;
    assert_eq!(ledger.made(), 200_000);
    assert!(ledger.handled() > 190_000, "{}", ledger.handled());
}
