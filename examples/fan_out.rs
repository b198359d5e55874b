//! One stage leads to several: every event to all of them, each event to any of them, or by a key.
//!
//! ```text
//! cargo run --example fan_out
//! ```

use std::collections::BTreeMap;

use stagekit::prelude::*;

#[derive(Debug)]
struct Order {
    customer: &'static str,
    euros: u64,
}

#[producer]
fn orders() -> impl Iterator<Item = Order> {
    let orders = [("ada", 30), ("bob", 5), ("ada", 20), ("cyd", 45), ("bob", 15), ("dan", 10), ("ada", 1)];
    orders.into_iter().map(|(customer, euros)| Order { customer, euros })
}

/// A stage that borrows its event can share it with others: `Order` need not be `Clone`.
#[consumer]
fn revenue(order: &Order, euros: &mut u64) {
    *euros += order.euros;
}

#[consumer]
fn largest(order: &Order, euros: &mut u64) {
    *euros = order.euros.max(*euros);
}

/// A stage that takes its event can have it only where nobody else gets the same one.
#[consumer]
fn pack(_order: Order, packed: &mut u64) {
    *packed += 1;
}

/// What each customer has spent.
#[consumer]
fn account(order: &Order, spent: &mut BTreeMap<&'static str, u64>) {
    *spent.entry(order.customer).or_default() += order.euros;
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // All: a list is a broadcast. Both see every order, at the pace of the slower one.
    let finished = pipeline! {
        let revenue = revenue(0);
        let largest = largest(0);
        orders => [revenue, largest];
    }
    .run()
    .await?;
    println!("all: {} euros, the largest order was {}", finished.revenue, finished.largest);

    // Any: the work is shared, whoever asks first gets the next order. How many each gets is not known beforehand, but
    // together they get each order once. A small `max_demand` keeps one of them from taking everything at once.
    let finished = pipeline! {
        let left = pack(0).name("left").max_demand(1);
        let right = pack(0).name("right").max_demand(1);
        orders => any [left, right];
    }
    .run()
    .await?;
    println!("any: {} orders packed", finished.left + finished.right);

    // By: one key, one stage. All orders of a customer reach the same account book, in order, so that no two books have
    // the same name in them. The key decides which, and decides the same way in every run.
    let finished = pipeline! {
        let left = account(BTreeMap::new()).name("left");
        let right = account(BTreeMap::new()).name("right");
        orders => by |order| order.customer [left, right];
    }
    .run()
    .await?;
    println!("by: {:?} and {:?}", finished.left, finished.right);
    Ok(())
}
