use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        orders => match { order if order.price > 1.0 => ship(order), _ => _ }
    };
}

// Instead:
//     orders => match { order if order.price > 1.0 => ship, _ => _ }
