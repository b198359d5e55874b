//! The stages that the compile-time suites connect: one for each thing that an edge can be wrong about.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use stagekit::prelude::*;

/// What a customer wants.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose it is.
    pub customer: String,
    /// What it costs.
    pub price: f64,
}

/// Cannot be cloned.
#[derive(Debug)]
pub struct Connection(pub u64);

/// A text that is no number.
#[derive(Debug)]
pub struct NotANumber(pub String);

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no number", self.0)
    }
}
impl Error for NotANumber {}

/// A failure that is no error: it can only take an `else` edge.
#[derive(Debug)]
pub struct Refusal;

/// Something with a price.
pub trait Priced {
    /// The price.
    fn price(&self) -> u64;
}
impl Priced for Order {
    fn price(&self) -> u64 {
        self.price as u64
    }
}

/// Counts.
#[producer]
pub fn counter(range: Range<u64>) -> impl Iterator<Item = u64> {
    range
}
/// Words.
#[producer]
pub fn words() -> impl Iterator<Item = String> {
    ["1", "two", "3"].into_iter().map(String::from)
}
/// Orders.
#[producer]
pub fn orders() -> impl Iterator<Item = Order> {
    [("ann", 2.0), ("bob", 3.0)].into_iter().map(|(customer, price)| Order { customer: customer.into(), price })
}
/// Events that cannot be cloned.
#[producer]
pub fn connections() -> impl Iterator<Item = Connection> {
    (0..3).map(Connection)
}
/// Events that cannot be lent.
#[producer]
pub fn cells() -> impl Iterator<Item = Cell<u8>> {
    (0..3).map(Cell::new)
}

/// One to one.
#[producer_consumer]
pub fn double(x: u64) -> u64 {
    x * 2
}
/// One to one, by another name.
#[producer_consumer]
pub fn square(x: u64) -> u64 {
    x * x
}
/// Another event type.
#[producer_consumer]
pub fn show(x: u64) -> String {
    x.to_string()
}
/// Text to text.
#[producer_consumer]
pub fn shout(text: String) -> String {
    text.to_uppercase()
}
/// Fails.
#[producer_consumer]
pub fn parse(text: String) -> Result<u64, NotANumber> {
    text.parse().map_err(|_| NotANumber(text))
}
/// Fails with what cannot end a pipeline.
#[producer_consumer]
pub fn refuse(text: String) -> Result<u64, Refusal> {
    if text.is_empty() { Err(Refusal) } else { Ok(0) }
}
/// Generic in its event.
#[producer_consumer]
pub fn price<T: Priced>(thing: T) -> u64 {
    thing.price()
}
/// Generic in what it emits.
#[producer_consumer]
pub fn convert<T: From<u64>>(x: u64) -> T {
    x.into()
}
/// Takes batches.
#[producer_consumer(batch(10, Duration::from_millis(5)))]
pub fn total(batch: Vec<u64>) -> u64 {
    batch.into_iter().sum()
}
/// Awaits.
#[producer_consumer]
pub async fn fetch(x: u64) -> String {
    x.to_string()
}

/// Takes numbers.
#[consumer]
pub fn save(x: u64) {
    assert!(x < u64::MAX);
}
/// Borrows numbers.
#[consumer]
pub fn print(x: &u64) {
    println!("{x}");
}
/// Takes text.
#[consumer]
pub fn alarm(text: String) {
    drop(text);
}
/// Takes errors.
#[consumer]
pub fn quarantine(error: NotANumber) {
    drop(error);
}
/// Takes orders.
#[consumer]
pub fn ship(order: Order) {
    drop(order);
}
/// Keeps a sum.
#[consumer]
pub fn sum(x: u64, sum: &mut u64) {
    *sum += x;
}
/// Borrows what cannot be cloned.
#[consumer]
pub fn look(connection: &Connection) {
    println!("{}", connection.0);
}
/// Takes what cannot be cloned.
#[consumer]
pub fn keep(connection: Connection) {
    assert!(connection.0 < u64::MAX);
}
/// Borrows what cannot be lent.
#[consumer]
pub fn peek(cell: &Cell<u8>) {
    println!("{}", cell.get());
}

/// What happens.
pub enum Happening {
    /// An order.
    Ordered(Order),
    /// A line, and whether it is urgent.
    Logged(String, bool),
    /// A number.
    Counted(u64),
    /// Nothing.
    Idle,
}
/// Events that branch.
#[producer]
pub fn happenings() -> impl Iterator<Item = Happening> {
    [Happening::Counted(1), Happening::Logged("text".into(), true), Happening::Idle].into_iter()
}
