//! What a producer-consumer promises besides the rules of a producer and of a consumer (rule 4.1).

use tokio::time::timeout;

use super::subject::{LIMIT, Passing, Transform, Watch};
use crate::cancel::Reason;
use crate::op::Event;
use crate::test::{Signal, quiet};

/// Gives what is asked for until nothing is, `n` events at most; gives how many it took.
async fn fill<In: Event, Out: Event>(
    given: &Transform<In, Out>,
    it: &mut Passing<In, Out>,
    watch: &Watch,
    n: u64,
) -> u64 {
    let mut sent = 0;
    loop {
        tokio::select! {
            biased;
            signal = async { it.input.next_signal().await } => if let Signal::Ask(asked) = signal {
                let until = n.min(sent + asked as u64);
                it.input.send_with_receipts(watch.events(sent..until, &*given.event)).await;
                sent = until;
            },
            () = quiet() => return sent,
        }
    }
}

/// Rule 4.2: when its consumer cancels, it cancels at its producer.
pub async fn required_spec402_a_cancel_goes_up<In: Event, Out: Event>(given: &Transform<In, Out>) {
    let mut it = (given.begin)().await;
    if !it.under.ends_with_consumers {
        // By itself it waits for other consumers; its end is what goes up.
        (it.under.abort)();
    }
    it.output.cancel(Reason::Shutdown);
    it.input.expect_cancel().await;
}

/// Rule 4.2: when its producer fails, its consumer is told, whether it has asked or not, after the events before.
pub async fn required_spec402_a_failure_goes_down<In: Event, Out: Event>(given: &Transform<In, Out>) {
    for asks in [0, 100] {
        let (mut it, watch) = ((given.begin)().await, Watch::default());
        it.output.ask(asks).await;
        fill(given, &mut it, &watch, asks as u64 / 2).await;
        it.input.end(Reason::error("broken"));
        let came = timeout(LIMIT, async {
            let mut came = 0;
            while it.output.end().is_none() {
                came += it.output.take_some().await;
            }
            came
        });
        let came = came.await.unwrap_or_else(|_| panic!("4.2: the failure of its producer is not told"));
        assert!(came == asks / 2, "4.2: {came} events came before the failure, of {}", asks / 2);
    }
}

/// Law l02: a consumer that asks for nothing holds back the producer.
pub async fn law02_it_holds_back_its_producer<In: Event, Out: Event>(given: &Transform<In, Out>) {
    const MANY: u64 = 200_000;
    let mut it = (given.begin)().await;
    let sent = fill(given, &mut it, &Watch::default(), MANY).await;
    assert!(sent < MANY, "l02: it takes event after event, and nobody asks it for any");
    assert!(it.output.take_all().await.is_empty(), "2.1: events came that nobody had asked for");
}

/// Law l03: as many events come out as went in. Law l05: in their order, unless it is [`unordered`](Transform::unordered).
pub async fn law03_each_event_comes_out_once_and_in_order<In: Event, Out: Event>(given: &Transform<In, Out>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    let n = 300;
    it.output.ask(n as usize * 2).await;
    let sent = fill(given, &mut it, &watch, n).await;
    it.input.end(Reason::Normal);
    let came = it.output.drink(1).await.len();
    assert!((sent, came) == (n, n as usize), "l03: of {n} events {sent} were taken, and {came} came out");
    watch.is_settled(n).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(!given.ordered || watch.acknowledged().is_sorted(), "l05: events have overtaken others");
}

/// Law l11: a receipt is acknowledged when the last effect of its event is done, and no sooner.
pub async fn law11_nothing_is_acknowledged_early<In: Event, Out: Event>(given: &Transform<In, Out>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    fill(given, &mut it, &watch, 100).await;
    let early = watch.acknowledged();
    assert!(early.is_empty(), "l11: acknowledged before anybody has handled them: {early:?}");
    it.output.ask(100).await;
    it.output.take_all().await;
    assert!(!watch.acknowledged().is_empty(), "l11: handled, and not acknowledged");
}

/// Law l11, rule 3.13: gone in the middle, it has let go of everything: what was not handled has failed.
pub async fn law11_what_it_held_has_failed<In: Event, Out: Event>(given: &Transform<In, Out>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    it.output.ask(3).await;
    let sent = fill(given, &mut it, &watch, 100).await;
    let took = it.output.take_all().await.len();
    (it.under.abort)();
    let Passing { input, output, mut under } = it;
    let _ = under.ended().await;
    drop((input, output));
    quiet().await;
    watch.is_settled(sent).unwrap_or_else(|wrong| panic!("{wrong}"));
    let done = watch.acknowledged().len();
    assert!(done <= took, "l11: {done} events are acknowledged, and {took} were handled");
}
