//! What a producer promises.

use std::thread;

use tokio::time::timeout;

use super::subject::{Emitting, LIMIT, Producer};
use crate::cancel::{Ended, Reason};
use crate::live::{LiveError, Subscribe};
use crate::op::Event;
use crate::test::{TestConsumer, quiet};

/// As many come, and no more.
#[track_caller]
fn exactly<'a, T: Event>(output: &'a mut TestConsumer<T>, n: usize, rule: &'a str) -> impl Future<Output = ()> + 'a {
    let place = std::panic::Location::caller();
    async move {
        drop(output.gather(n, place).await);
        let more = output.take_all().await.len();
        assert!(more == 0, "{rule}: {more} events more came than were asked for");
    }
}

/// The end has come, or comes now.
async fn end<T: Event>(output: &mut TestConsumer<T>) -> Ended {
    let (mut late, mut ended) = (0, output.end().cloned());
    while ended.is_none() {
        match output.next_batch().await {
            Ok(events) => late += events.len(),
            Err(how) => ended = Some(how),
        }
    }
    assert!(late == 0, "{late} events came before the end that should not have");
    ended.unwrap_or(Ended::Down(Reason::Normal))
}

async fn begin<T: Event>(given: &Producer<T>, n: u64) -> Emitting<T> {
    (given.begin)(n).await
}

/// Rule 1.1, law l01: it sends no more events than it was asked for, in sum.
pub async fn required_spec101_never_more_than_asked<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 50).await;
    for n in [1, 2, 5, 1] {
        it.output.ask(n).await;
        exactly(&mut it.output, n, "1.1").await;
    }
}

/// Rule 1.2: it may send fewer events than it was asked for, and end.
pub async fn required_spec102_may_send_fewer_and_end<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 3).await;
    it.output.ask(10).await;
    drop(it.output.gather(3, std::panic::Location::caller()).await);
    end(&mut it.output).await;
}

/// Rule 1.4: its failure is told as one. Where [`Producer::failing`] was not given, there is nothing to check.
pub async fn optional_spec104_a_failure_is_told_once<T: Event>(given: &Producer<T>) {
    let Some(failing) = &given.failing else { return };
    let mut it = failing().await;
    it.output.drink(10).await;
    told_as_failure(&mut it).await;
    assert!(it.under.ended().await.is_err(), "1.4: the failure is not the pipeline's");
}

/// Rule 1.4: being aborted is told as a failure.
pub async fn required_spec104_an_abort_is_told_as_a_failure<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 100_000).await;
    it.output.ask(1).await;
    drop(it.output.gather(1, std::panic::Location::caller()).await);
    (it.under.abort)();
    told_as_failure(&mut it).await;
}

async fn told_as_failure<T: Event>(it: &mut Emitting<T>) {
    let ended = end(&mut it.output).await;
    assert!(!ended.reason().is_normal(), "1.4: a failure was told as an end that is `{}`", ended.reason());
    it.output.ask(1).await;
    assert!(it.output.take_all().await.is_empty(), "1.7: events came after the failure");
}

/// Rule 1.5: an end that is nobody's fault is told as that, after all events.
pub async fn required_spec105_the_end_is_told_as_normal<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 10).await;
    let came = it.output.drink(3).await.len();
    assert!(came == 10, "1.5: {came} events came, of 10");
    let ended = end(&mut it.output).await;
    assert!(ended.reason().is_normal(), "1.5: the end is told as `{}`", ended.reason());
    it.under.ended().await.unwrap_or_else(|error| panic!("1.5: it has ended with an error: {error}"));
}

/// Rule 1.5: one that has no events ends.
pub async fn optional_spec105_an_empty_producer_ends<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 0).await;
    it.output.ask(1).await;
    let ended = end(&mut it.output).await;
    assert!(ended.reason().is_normal(), "1.5: the end is told as `{}`", ended.reason());
}

/// Rules 1.7 and 2.4, law l08: after the end nothing comes, whatever is asked; the end is told once.
pub async fn required_spec107_nothing_after_the_end<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 2).await;
    it.output.ask(5).await;
    drop(it.output.gather(2, std::panic::Location::caller()).await);
    end(&mut it.output).await;
    it.output.ask(3).await;
    quiet().await;
    // The probe itself fails at an event, or a second end, that comes now.
    let late = it.output.take_all().await.len() + timeout(LIMIT, it.output.take_some()).await.unwrap_or(0);
    assert!(late == 0, "1.7: {late} events came after the end");
}

/// Rule 1.8: after a cancel the events stop: what was asked for before it may still come, and the end does.
pub async fn required_spec108_events_stop_after_cancel<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 100_000).await;
    it.output.ask(10).await;
    drop(it.output.gather(1, std::panic::Location::caller()).await);
    it.output.cancel(Reason::Shutdown);
    let late = it.output.take_all().await.len();
    assert!(late <= 9, "1.8: {late} events came after the cancel, and 9 were still asked for");
    assert!(it.output.end().is_some(), "1.8: the cancel is not confirmed");
}

/// Rule 1.9: one that has ended refuses a subscription by a value. Of producers that are subscribed to as they run.
pub async fn optional_spec109_refuses_by_a_value<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 0).await;
    let Some(outlet) = it.outlet.take() else { return };
    it.output.ask(1).await;
    end(&mut it.output).await;
    it.under.ended().await.unwrap_or_else(|error| panic!("1.9: {error}"));
    let mut late = TestConsumer::new();
    let refused = timeout(LIMIT, late.subscribe(&outlet, Subscribe::new())).await;
    assert!(
        matches!(refused, Ok(Err(LiveError::Refused { .. }))),
        "1.9: a producer that has ended took a subscription, or said nothing: {refused:?}"
    );
}

/// Rule 2.1: nothing comes before it was asked for.
pub async fn required_spec201_nothing_comes_unasked<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 5).await;
    exactly(&mut it.output, 0, "2.1").await;
    assert!(it.output.end().is_none(), "2.1: it has ended before its events were asked for");
}

/// Rule 3.2: each event may be answered by an ask.
pub async fn required_spec302_an_ask_for_each_event<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 50).await;
    for _ in 0..50 {
        it.output.ask_now(1);
        drop(it.output.gather(1, std::panic::Location::caller()).await);
    }
}

/// Rule 3.3: asks and events do not recurse. A hundred thousand events fit onto the stack of a test.
pub async fn required_spec303_no_recursion<T: Event>(given: &Producer<T>) {
    let n = if super::is_shuffled() { 2_000 } else { 100_000 };
    let mut it = begin(given, n).await;
    let came = it.output.drink(n as usize + 1).await.len() as u64;
    assert!(came == n, "3.3: {came} events came, of {n}");
}

/// Rule 3.6: an ask after the cancel is nothing.
pub async fn required_spec306_an_ask_after_cancel_is_nothing<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 100_000).await;
    it.output.cancel(Reason::Shutdown);
    it.output.ask(7).await;
    let late = it.output.take_all().await.len();
    assert!(late == 0, "3.6: {late} events came for an ask after the cancel");
    assert!(it.output.end().is_some(), "3.6: the cancel is not confirmed");
    it.output.ask(7).await;
    assert!(it.output.take_all().await.is_empty(), "3.6: events came for an ask after the end");
}

/// Rules 3.5 and 3.7: a second cancel is nothing.
pub async fn required_spec307_a_second_cancel_is_nothing<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 100_000).await;
    it.output.ask(1).await;
    it.output.cancel(Reason::Shutdown);
    it.output.cancel(Reason::Normal);
    it.output.take_all().await;
    it.output.cancel(Reason::Normal);
    quiet().await;
    assert!(it.output.end().is_some(), "3.7: the cancel is not confirmed");
    // The probe itself fails at a second end.
    timeout(LIMIT, it.output.take_some()).await.unwrap_or(0);
}

/// Rule 3.8: asks add up.
pub async fn required_spec308_asks_add_up<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 50).await;
    it.output.ask_now(2);
    it.output.ask_now(3);
    exactly(&mut it.output, 5, "3.8").await;
    it.output.ask(1).await;
    it.output.ask_now(1);
    exactly(&mut it.output, 2, "3.8").await;
}

/// Rule 3.9: an ask for nought is nothing.
pub async fn required_spec309_an_ask_for_nought_is_nothing<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 50).await;
    it.output.ask_now(0);
    exactly(&mut it.output, 0, "3.9").await;
    it.output.ask_now(2);
    it.output.ask_now(0);
    exactly(&mut it.output, 2, "3.9").await;
    assert!(it.output.end().is_none(), "3.9: it has ended");
}

/// Rule 3.12: a cancel reaches the producer, which ends; or, if it is subscribed to as it runs, waits for others.
pub async fn required_spec312_a_cancel_reaches_it<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, u64::MAX).await;
    it.output.ask(3).await;
    drop(it.output.gather(3, std::panic::Location::caller()).await);
    it.output.cancel(Reason::Shutdown);
    end(&mut it.output).await;
    if it.under.ends_with_consumers {
        let _ = it.under.ended().await;
    }
}

/// Rule 3.13: after the cancel it holds no reference to its consumer.
pub async fn required_spec313_references_are_dropped<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 100_000).await;
    it.output.ask(3).await;
    it.output.cancel(Reason::Shutdown);
    it.output.take_all().await;
    if it.under.ends_with_consumers {
        let _ = it.under.ended().await;
    }
    quiet().await;
    assert!(
        it.output.holders() == 0,
        "3.13: the cancelled consumer is still referred to {} times",
        it.output.holders()
    );
}

/// Rule 3.14: the last cancel may end it; if not, whoever subscribes next gets the events that follow.
pub async fn optional_spec314_another_may_follow<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 100_000).await;
    let Some(outlet) = it.outlet.take() else { return };
    it.output.cancel(Reason::Shutdown);
    end(&mut it.output).await;
    let mut next = TestConsumer::new();
    match timeout(LIMIT, next.subscribe(&outlet, Subscribe::new())).await {
        Ok(Ok(_)) => {
            next.ask(3).await;
            exactly(&mut next, 3, "3.14").await;
        }
        Ok(Err(_)) => {}
        Err(_) => panic!("3.14: it neither accepts nor refuses"),
    }
}

/// Rules 3.5, 3.15 and 3.16: asks and cancels return, from any thread, when it is gone too.
pub async fn required_spec315_asks_and_cancels_return<T: Event>(given: &Producer<T>) {
    let Emitting { mut output, mut under, outlet, helper } = begin(given, 100_000).await;
    output.ask(1).await;
    (under.abort)();
    let _ = under.ended().await;
    drop((outlet, helper));
    let elsewhere = thread::spawn(move || {
        output.ask_now(1);
        output.cancel(Reason::Shutdown);
        output.ask_now(1);
    });
    assert!(elsewhere.join().is_ok(), "3.15, 3.16: an ask or a cancel panicked on a thread without a runtime");
}

/// Rule 3.17: demand may be unlimited.
pub async fn required_spec317_demand_may_be_unlimited<T: Event>(given: &Producer<T>) {
    unlimited(given, &[usize::MAX]).await;
}

/// Rule 3.17: demand that adds up to more than a number holds is unlimited.
pub async fn required_spec317_demand_does_not_overflow<T: Event>(given: &Producer<T>) {
    unlimited(given, &[usize::MAX - 1, 2, usize::MAX, 1]).await;
    unlimited(given, &[1, usize::MAX]).await;
}

async fn unlimited<T: Event>(given: &Producer<T>, asks: &[usize]) {
    let mut it = begin(given, 100).await;
    for &ask in asks {
        it.output.ask_now(ask);
    }
    let came = it.output.drink(1).await.len();
    assert!(came == 100, "3.17: {came} events came, of 100, for a demand of {asks:?}");
}

/// Law l06: each ask is answered while there are events, however it is cut.
pub async fn law06_progress<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, 100).await;
    let mut left = 100;
    for ask in [1, 7, 2, 30, 1, 1].into_iter().cycle() {
        let n = left.min(ask);
        it.output.ask(n).await;
        drop(it.output.gather(n, std::panic::Location::caller()).await);
        left -= n;
        if left == 0 {
            return;
        }
    }
}

/// Law l12: drained, it ceases, what it has emitted comes, and it ends normally.
pub async fn law12_drained_it_ends<T: Event>(given: &Producer<T>) {
    let mut it = begin(given, u64::MAX).await;
    it.output.ask(10).await;
    drop(it.output.gather(10, std::panic::Location::caller()).await);
    (it.under.drain)();
    // Whoever has emitted much before it heard of it may deliver that; but not for ever.
    let mut came = 0;
    while it.output.end().is_none() && came < 100_000 {
        it.output.ask(1_000).await;
        match timeout(LIMIT, it.output.take_some()).await {
            Ok(n) => came += n,
            Err(_) => break,
        }
    }
    assert!(it.output.end().is_some(), "l12: told to drain, it goes on and on");
    let ended = end(&mut it.output).await;
    assert!(ended.reason().is_normal(), "l12: a drained producer ends as `{}`", ended.reason());
    it.under.ended().await.unwrap_or_else(|error| panic!("l12: it has ended with an error: {error}"));
}
