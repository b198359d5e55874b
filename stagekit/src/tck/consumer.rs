//! What a consumer promises.

use super::subject::{Consumer, Taking, Watch};
use crate::cancel::Reason;
use crate::op::Event;
use crate::test::{Signal, quiet};

/// Takes so many events from now, as they are asked for; gives how many more were asked for.
async fn take<T: Event>(given: &Consumer<T>, it: &mut Taking<T>, watch: &Watch, n: u64) -> usize {
    let (mut next, mut asked) = (0, 0);
    while next < n {
        while asked == 0 {
            asked = it.input.next_ask().await;
        }
        let until = n.min(next + asked as u64);
        asked -= (until - next) as usize;
        it.input.send_with_receipts(watch.events(next..until, &*given.event)).await;
        next = until;
    }
    asked
}

fn settled(watch: &Watch, n: u64) {
    watch.is_settled(n).unwrap_or_else(|wrong| panic!("{wrong}"));
}

fn acknowledged(watch: &Watch, n: u64) {
    settled(watch, n);
    assert!(watch.failed().is_empty(), "l11: these failed, and nothing went wrong: {:?}", watch.failed());
}

/// Rule 2.1: it asks for events, and asks again as it handles them.
pub async fn required_spec201_it_asks<T: Event>(given: &Consumer<T>) {
    let mut it = (given.begin)().await;
    take(given, &mut it, &Watch::default(), 3_000).await;
}

/// Rule 2.4: after the end it considers its subscription cancelled, and ends.
pub async fn required_spec204_it_ends_after_the_end<T: Event>(given: &Consumer<T>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    take(given, &mut it, &watch, 20).await;
    it.input.end(Reason::Normal);
    let _ = it.under.ended().await;
}

/// Rule 2.6: it cancels when it needs no more: when it is gone.
pub async fn required_spec206_it_cancels_when_it_is_gone<T: Event>(given: &Consumer<T>) {
    let mut it = (given.begin)().await;
    it.input.next_ask().await;
    (it.under.abort)();
    it.input.expect_cancel().await;
}

/// Rule 2.8, law l11: events that were on their way when it cancelled are no trouble, and fail.
pub async fn required_spec208_events_after_the_cancel<T: Event>(given: &Consumer<T>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    let asked = it.input.next_ask().await as u64;
    (it.under.abort)();
    quiet().await;
    it.input.send_unheard(watch.events(0..asked, &*given.event));
    it.input.end(Reason::Normal);
    let _ = it.under.ended().await;
    quiet().await;
    drop(it);
    quiet().await;
    settled(&watch, asked);
}

/// Rule 2.9: the end may come without an event, whether it has asked or not.
pub async fn required_spec209_the_end_without_events<T: Event>(given: &Consumer<T>) {
    let mut it = (given.begin)().await;
    it.input.end(Reason::Normal);
    it.under.ended().await.unwrap_or_else(|error| panic!("2.9: it failed at the end: {error}"));
    let mut it = (given.begin)().await;
    it.input.next_ask().await;
    it.input.end(Reason::Normal);
    it.under.ended().await.unwrap_or_else(|error| panic!("2.9: it failed at the end: {error}"));
}

/// Rule 2.9: the end may come while it waits for more; all events were handled then.
pub async fn required_spec209_the_end_with_demand<T: Event>(given: &Consumer<T>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    take(given, &mut it, &watch, 7).await;
    it.input.end(Reason::Normal);
    it.under.ended().await.unwrap_or_else(|error| panic!("2.9: it failed at the end: {error}"));
    quiet().await;
    acknowledged(&watch, 7);
}

/// Rule 2.10: a failure may come without an event, whether it has asked or not.
pub async fn required_spec210_a_failure_without_events<T: Event>(given: &Consumer<T>) {
    for asks in [false, true] {
        let mut it = (given.begin)().await;
        if asks {
            it.input.next_ask().await;
        }
        it.input.end(Reason::error("broken"));
        let _ = it.under.ended().await;
    }
}

/// Rule 2.10: a failure may come while it waits for more; every receipt is settled all the same.
pub async fn required_spec210_a_failure_with_demand<T: Event>(given: &Consumer<T>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    take(given, &mut it, &watch, 7).await;
    it.input.end(Reason::error("broken"));
    let _ = it.under.ended().await;
    quiet().await;
    settled(&watch, 7);
}

/// Rule 2.13: its panic does not reach the producer: it cancels, or goes on; the event has failed. Where
/// [`panics_at`](Consumer::panics_at) was not given, there is nothing to check.
pub async fn optional_spec213_a_panic_is_contained<T: Event>(given: &Consumer<T>) {
    let Some(poison) = &given.poison else { return };
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    let mut asked = it.input.next_ask().await;
    it.input.send_with_receipts(watch.events(0..1, &|_| poison())).await;
    // It cancels; or goes on, and asks for as much as it likes.
    quiet().await;
    loop {
        tokio::select! {
            biased;
            signal = it.input.next_signal() => match signal {
                Signal::Ask(more) => asked += more,
                Signal::Cancelled(_) => break,
                Signal::Drain => {}
            },
            () = quiet() => break,
        }
    }
    it.input.end(Reason::Normal);
    let _ = it.under.ended().await;
    quiet().await;
    assert!(asked > 0 && watch.failed() == [0], "2.13: the event of the panic has not failed");
}

/// Law l02: what it has asked for and not got is never more than what it asks for at first, its `max_demand`; where it
/// finds its own demand, never more than it may find.
pub async fn law02_pending_is_bounded<T: Event>(given: &Consumer<T>) {
    let mut it = (given.begin)().await;
    let (mut pending, mut most, mut sent) = (0, 0, 0);
    for turn in 0..200 {
        tokio::select! {
            biased;
            signal = async { it.input.next_signal().await } => if let Signal::Ask(n) = signal { pending += n },
            () = quiet() => {
                if most == 0 {
                    most = pending.max(it.input.most_tuned());
                }
                assert!(pending <= most, "l02: {pending} events are pending, and there may be {most}");
                let n = (turn % 3 + 1).min(pending);
                it.input.send((sent..sent + n as u64).map(|n| (given.event)(n))).await;
                (pending, sent) = (pending - n, sent + n as u64);
            }
        }
    }
    assert!(most > 0, "2.1: it asks for nothing");
}

/// Law l11: each event is acknowledged once, when it is handled.
pub async fn law11_receipts_are_acknowledged_once<T: Event>(given: &Consumer<T>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    take(given, &mut it, &watch, 500).await;
    it.input.end(Reason::Normal);
    it.under.ended().await.unwrap_or_else(|error| panic!("l11: it has ended with an error: {error}"));
    quiet().await;
    acknowledged(&watch, 500);
}

/// Law l11, rule 3.13: gone in the middle, it has let go of everything: what was not handled has failed.
pub async fn law11_what_is_dropped_has_failed<T: Event>(given: &Consumer<T>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    let asked = it.input.next_ask().await.min(50) as u64;
    it.input.send_with_receipts(watch.events(0..asked, &*given.event)).await;
    (it.under.abort)();
    let _ = it.under.ended().await;
    quiet().await;
    it.helper.take();
    quiet().await;
    settled(&watch, asked);
}

/// Rule 3.13: when it is gone, nothing of it refers to its producer.
pub async fn required_spec313_references_are_dropped<T: Event>(given: &Consumer<T>) {
    let mut it = (given.begin)().await;
    it.input.next_ask().await;
    (it.under.abort)();
    let _ = it.under.ended().await;
    it.input.expect_cancel().await;
    let Taking { input, under, helper } = it;
    drop((under, helper));
    quiet().await;
    assert!(input.holders() == 0, "3.13: its producer is still referred to {} times", input.holders());
}

/// Law l12: when its pipeline drains, it handles what is in flight and ends.
pub async fn law12_drained_it_handles_what_is_in_flight<T: Event>(given: &Consumer<T>) {
    let (mut it, watch) = ((given.begin)().await, Watch::default());
    let asked = it.input.next_ask().await.min(5) as u64;
    it.input.send_with_receipts(watch.events(0..asked, &*given.event)).await;
    if it.under.ends_with_consumers {
        (it.under.drain)();
        it.input.expect_drain().await;
    }
    it.input.end(Reason::Normal);
    it.under.ended().await.unwrap_or_else(|error| panic!("l12: it has ended with an error: {error}"));
    quiet().await;
    acknowledged(&watch, asked);
}
