use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Ordered(ref order) => ship,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Ordered(order) => ship,
