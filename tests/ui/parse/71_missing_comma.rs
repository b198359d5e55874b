use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Counted(n) => save
            Happening::Ordered(order) => ship,
            _ => _,
        }
    };
}

// Instead of line 7:
//     Happening::Counted(n) => save,
