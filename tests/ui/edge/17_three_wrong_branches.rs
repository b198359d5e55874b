use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Counted(n) => alarm,
            Happening::Ordered(order) => save,
            Happening::Logged(line, _) => ship,
            _ => _,
        }
    };
}

// Instead of lines 7 to 9:
//     Happening::Counted(n) => save,
//     Happening::Ordered(order) => ship,
//     Happening::Logged(line, _) => alarm,
