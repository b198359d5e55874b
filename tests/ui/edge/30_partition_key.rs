use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        orders => by |order| order.price [ship.workers(2)]
    };
}

// Instead:
//     orders => by |order| order.price.to_bits() [ship.workers(2)]
