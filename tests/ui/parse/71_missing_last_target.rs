use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Ordered(order) => ship,
            other =>
        }
    };
}

// Instead:
//     _ => _,
