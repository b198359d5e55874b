//! Subscriptions that come and go at random: what holds for each case holds for all of them together.

use stagekit::live::{Callbacks, Cancel, Live, OutletRef, Reason, Subscribe, Subscription};
use stagekit::test::fuzz;

use crate::fixtures::{
    AtOnce, Counter, Forwarder, Log, Promised, Times, Waiting, Way, limits, list, oops, settle, start,
};

/// Numbers that look random, the same for each seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
    fn limits(&mut self) -> Subscribe<u64> {
        let max = 1 + self.below(20);
        limits(max, self.below(max)).cancel(Cancel::Temporary)
    }
}

/// One change of the subscriptions of a stage.
fn change<S: Callbacks<In = u64>>(dice: &mut Dice, stage: &Live<S>, to: &OutletRef<u64>, subs: &mut Vec<Subscription>) {
    let options = dice.limits();
    let old = (!subs.is_empty()).then(|| dice.below(subs.len()));
    match (dice.below(4), old) {
        (0, Some(at)) => subs.swap_remove(at).cancel(if dice.below(2) == 0 { oops() } else { Reason::Normal }),
        (1, Some(at)) => subs[at] = stage.resubscribe_later(&subs[at], Reason::Shutdown, to, options).unwrap(),
        _ => subs.push(stage.subscribe_later(to, options).unwrap()),
    }
}

/// Two producers, two stages in the middle, three consumers. Every event arrives, once.
async fn every_event_arrives_once<W: Way>(seed: u64) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (log, none) = (Log::default(), Log::default());
    let producers = [start(Counter::<W>::make(0..500, &none)).await, start(Counter::<W>::make(500..1000, &none)).await];
    let middles = [start(Times::<W>::make(1, &none)).await, start(Times::<W>::make(1, &none)).await];
    let mut lasts = Vec::new();
    for _ in 0..3 {
        lasts.push(start(Forwarder::<W>::make(&log)).await);
    }
    let mut outlets: Vec<_> = producers.iter().map(Live::outlet).collect();
    outlets.extend(middles.iter().map(Live::outlet));
    let mut subs = vec![Vec::new(); 5];
    let mut pushed = 1000;
    for _ in 0..150 {
        match dice.below(10) {
            0..3 => {
                let at = dice.below(2);
                change(&mut dice, &middles[at], &producers[at].outlet(), &mut subs[at]);
            }
            3..7 => {
                let (at, to) = (dice.below(3), dice.below(4));
                change(&mut dice, &lasts[at], &outlets[to], &mut subs[2 + at]);
            }
            7 => {
                let n = pushed..pushed + dice.below(4) as u64;
                pushed = n.end;
                producers[dice.below(2)].cast(|_, cx| cx.emit_all(n)).unwrap();
            }
            8 => {
                let producer = &producers[dice.below(2)];
                if dice.below(2) == 0 { producer.accumulate() } else { producer.forward() }.unwrap();
            }
            _ if dice.below(3) == 0 => settle().await,
            _ => tokio::task::yield_now().await,
        }
    }
    // Whatever the subscriptions are now: what is left is taken by these.
    for (outlet, producer) in outlets.iter().zip([&producers[0], &producers[1], &producers[0], &producers[1]]) {
        producer.forward().unwrap();
        lasts[0].subscribe(outlet, Subscribe::new().cancel(Cancel::Temporary)).await.unwrap();
    }
    settle().await;
    let mut events = log.events();
    events.sort();
    assert_eq!(events, list(0..pushed), "seed {seed}");
    for sub in subs.into_iter().flatten() {
        sub.cancel(Reason::Normal);
    }
    settle().await;
    for (at, producer) in producers.iter().enumerate() {
        let status = producer.status().await.unwrap();
        assert_eq!((status.consumers, status.buffered, producer.summary().lost), (1, 0, 0), "seed {seed}, {at}");
    }
    assert_eq!(lasts[1].status().await.unwrap().producers, 0, "seed {seed}");
}

#[tokio::test(start_paused = true)]
async fn l03_l12_r42_every_event_arrives_once_whatever_is_subscribed() {
    for seed in 1..60 {
        let _shuffled = fuzz(seed);
        every_event_arrives_once::<Promised>(seed).await;
        every_event_arrives_once::<AtOnce>(seed).await;
        every_event_arrives_once::<Waiting>(seed).await;
    }
}
