use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        orders => by order.customer [ship]
    };
}

// Instead of line 6:
//     orders => by |order| order.customer [ship.workers(2)]
