//! The checker checked: each broken law is seen.

use std::time::Duration;

use stagekit::prelude::*;

use crate::conservation::{Item, Ledger};

/// A summary in which nothing has happened.
fn calm() -> Summary {
    Summary::default()
}

#[test]
fn the_ledger_bites() {
    fn says(ledger: &Ledger, text: &str) {
        let wrong = ledger.audit(Some(&calm()), true).expect_err(text);
        assert!(wrong.contains(text), "{wrong}");
    }
    let good = Ledger::new();
    good.items(10).for_each(|item| item.done());
    good.audit(Some(&calm()), true).unwrap();

    let lost = Ledger::new();
    lost.items(10).filter(|item| item.id != 4).for_each(|item| item.done());
    says(&lost, "1 items are missing, but 0 are said");

    let leaked = Ledger::new();
    leaked.items(3).for_each(|item| {
        item.done();
        std::mem::forget(item);
    });
    says(&leaked, "3 items are still in memory");

    let twice = Ledger::new();
    twice.items(3).for_each(|item| {
        item.done();
        item.clone().done();
    });
    says(&twice, "item 0 was handled twice");

    let both = Ledger::new();
    both.items(1).for_each(|item| {
        item.done();
        item.dead();
    });
    says(&both, "item 0 was handled at `` and has another fate");

    let swapped = Ledger::new();
    let mut items: Vec<_> = swapped.items(20).collect();
    items.swap(0, 7);
    items.drain(..).for_each(|item| item.done());
    says(&swapped, "of key 0 came after");
    swapped.audit(Some(&calm()), false).unwrap();

    let untold = Ledger::new();
    untold.items(1).for_each(|item| item.fails());
    says(&untold, "1 failures were seen, but 0 were counted");

    let legs = Ledger::new();
    legs.items(5).for_each(|item| {
        item.done_at("a");
        if item.id != 2 {
            item.done_at("b");
        }
    });
    says(&legs, "1 items are missing");
}

#[tokio::test]
async fn the_ledger_bites_receipts_and_tasks() {
    #[consumer]
    fn forgets(item: Item) {
        if item.id != 3 {
            item.done();
        }
    }
    let ledger = Ledger::new();
    let summary = pipeline! { { ledger.queue(10) } => forgets }.run().await.unwrap();
    let wrong = ledger.audit(Some(&summary), true).unwrap_err();
    assert!(
        wrong.contains("1 items are missing") && wrong.contains("acknowledged without all effects: [3]"),
        "{wrong}"
    );

    let ledger = Ledger::new();
    let left = tokio::spawn(std::future::pending::<()>());
    assert!(ledger.quiesce(Duration::from_millis(20)).await.unwrap_err().contains("1 tasks are left"));
    left.abort();
}
