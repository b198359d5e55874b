use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Ordered(order) => ship,
            Happening::Logged(line, urgent) if urgent => |(line, _): (String, bool)| drop(line),
            Happening::Counted(n) => save,
            Happening::Idle => _,
        }
    };
}

// Instead of line 9:
//     Happening::Logged(_, _) => _,
//     Happening::Counted(n) => save,
