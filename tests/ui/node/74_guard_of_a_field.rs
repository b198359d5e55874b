use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Ordered(order) if order.prise > 3.0 => ship,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Ordered(order) if order.price > 3.0 => ship,
