use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        orders => match { order if order.price > 1.0 => { println!("{}", order.price) }, order => ship }
    };
}

// Instead:
//     orders => match { order if order.price > 1.0 => |order| { println!("{}", order.price) }, order => ship }
