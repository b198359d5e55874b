use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Ordered(order, urgent) => ship,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Ordered(order) => ship,
