use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Ordered(order) => ship,
            Happening::Counted(n + 1) => save,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Counted(n) => |n| n - 1 => save,
