//! The public tally.

use stagekit::prelude::*;
use stagekit::test::{Tallied, Tally};

#[consumer]
fn picky(event: Tallied) -> Result<(), String> {
    if event.id.is_multiple_of(3) {
        event.failed();
        return Err("a multiple of three".into());
    }
    event.seen();
    Ok(())
}

#[tokio::test]
async fn a_run_that_fails_here_and_there_is_balanced() {
    let tally = Tally::new();
    let summary = pipeline! { { from_iter(tally.events(0..1000)) } => |e: Tallied| e => picky.on_error(skip()) }
        .run()
        .await
        .unwrap();
    tally.check(&summary);
}

#[tokio::test]
async fn a_run_that_stops_is_balanced() {
    let tally = Tally::new();
    let error = pipeline! { { from_iter(tally.events(1..10_000)) } => picky.max_demand(10) }.run().await.unwrap_err();
    tally.check(error.summary());
}

#[test]
fn the_tally_bites() {
    fn says(tally: &Tally, text: &str) {
        let wrong = tally.audit(&Summary::default()).expect_err(text);
        assert!(wrong.contains(text), "{wrong}");
    }
    let tally = Tally::new();
    tally.events(0..10).for_each(|event| event.seen());
    tally.audit(&Summary::default()).unwrap();

    tally.event(4).seen();
    says(&tally, "1 events were seen more than once: 4");

    let lost = Tally::new();
    lost.events(0..10).filter(|event| event.id != 7).for_each(|event| event.seen());
    says(&lost, "1 events were neither seen nor failed, and the summary knows of 0: 7");

    let leaked = Tally::new();
    leaked.events(0..3).for_each(|event| {
        event.seen();
        std::mem::forget(event);
    });
    says(&leaked, "3 events are still in memory: 0, 1, 2");

    let both = Tally::new();
    both.events(0..1).for_each(|event| {
        event.seen();
        event.failed();
    });
    says(&both, "1 events were both seen and failed: 0");
    says(&both, "1 events failed, and the summary knows of 0");
}
