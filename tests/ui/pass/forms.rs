// Every form of the language, without a warning.
#![deny(warnings)]

use stagekit::prelude::*;
use tests::stages::*;

fn shown() -> Segment<u64, String> {
    pipeline! { .. => double -> show => .. }
}

fn numbers() -> Output<u64> {
    pipeline! { words => parse else quarantine => .. }
}

fn alarms() -> Input<u64> {
    pipeline! { .. => { shown() } => alarm }
}

fn main() {
    let limit = 3;
    let _ = pipeline!(counter(0..3) => double => [save, print]);
    let _ = pipeline! { counter(0..3) => all [save, double => show => alarm] };
    let _ = pipeline! { counter(0..3) => any [save, print.workers(2)] };
    let _ = pipeline! { orders => by |order| order.customer [ship.workers(2)] };
    let _ = pipeline! { [counter(0..3), counter(3..6)] => by |x| x % limit [save, print] };
    let _ = pipeline! { connections => [look, |connection: &Connection| connection.0 => save] };
    let _ = pipeline! { words -> parse else |error| drop(error) -> double => save };
    let _ = pipeline! { words => refuse else _ => total.max_demand(20).min_demand(5) => convert::<u128> => _ };
    let _ = pipeline! {
        let doubled = double;
        let ticks = counter(0..9);
        ticks => [doubled, square => doubled.max_demand(5)];
        doubled => [save, print];
        ticks => |x| assert!(x < 9);
    };
    let _ = pipeline! {
        counter(0..9)
            => filter |x| x % 2 == 0
            => flat_map |x| [x, x + limit]
            -> inspect |x| assert!(*x < 100)
            => (|x| if x > limit { x } else { limit }).workers(2)
            => try_map |x| u8::try_from(x)
            => |x: u8| -> u64 { u64::from(x) }
            => [|x| assert!(x < 100), |x: &u64| assert!(*x < 100), try_map |x| if x < 100 { Ok(()) } else { Err("large") }]
    };
    let _ = pipeline! { { from_iter(0..3) } => { shown() } => fetched };
    let _ = (numbers(), alarms());
}

#[consumer]
async fn fetched(text: String) {
    drop(text);
}
