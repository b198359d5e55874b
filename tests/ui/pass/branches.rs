// Branches of every form, without a warning.
#![deny(warnings)]

use stagekit::prelude::*;
use tests::stages::*;

const LARGE: u64 = 100;

struct Counted(u64);

#[consumer]
fn add(n: u64, #[state] sum: &mut u64) {
    *sum += n;
}

#[producer_consumer]
fn halve<T: From<u8> + std::ops::Div<Output = T> + Send + 'static>(n: T) -> T {
    n / T::from(2)
}

fn open() -> Output<Order> {
    pipeline! { happenings => match { Happening::Ordered(order) => .., other => |other| drop(other) } }
}

fn segment() -> Segment<Happening, u64> {
    pipeline! { .. => match { Happening::Counted(n) => .., _ => _ } }
}

fn main() {
    let limit = String::from("3");
    let lines = |line: (String, bool)| assert!(line.1 || line.0.is_empty());
    let _ = pipeline! {
        let numbers = sum(0);
        happenings => match {
            Happening::Ordered(order @ Order { .. }) if order.price > 3.0 => ship,
            Happening::Ordered(Order { customer: who, price }) => |(who, price): (String, f64)| drop((who, price)),
            Happening::Logged(line, _) if line == limit => shout -> shout.name("louder") => alarm,
            Happening::Logged(line, urgent) => |line| lines(line),
            Happening::Counted(0 | 1) | Happening::Idle => |()| {},
            Happening::Counted(LARGE) => _,
            Happening::Counted(n @ 2..=9) => match {
                2 => _,
                n if n % 2 == 0 => double -> halve => numbers.max_demand(5),
                n => numbers,
            },
            Happening::Counted(n) => by |n| n % 3 [print.workers(2), add],
        }
    };
    let _ = pipeline! { { from_iter([(1u64, Some(Counted(2))), (3, None)]) } => match {
        (n, None) => double,
        (a, Some(Counted(b))) => |(a, b)| a + b,
    } => any [add, print] };
    let _ = pipeline! { words -> parse else match { NotANumber(text) if text.is_empty() => _, error => quarantine } => add };
    let _ = pipeline! { { from_iter([[1u64, 2], [3, 4]]) } => match { [first, .., last] => |(a, b)| a * b => add } };
    let _ = pipeline! { { from_iter([Ok(1u64), Err("no")]) } => match { Ok(n) => add, Err(text) => |text: &'static str| assert!(!text.is_empty()) } };
    let _ = pipeline! { happenings => { segment() } => match { r#type => add } };
    let _ = pipeline! { happenings => match { _ => _ } };
    let _ = pipeline! { counter(0..4) => match { name @ 1..=3 => add, name => save } };
    let _ = (open(), Counted(1).0);
}
