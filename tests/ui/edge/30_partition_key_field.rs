use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        orders => by |order| order.name [ship.workers(2)]
    };
}

// Instead:
//     orders => by |order| order.customer [ship.workers(2)]
