use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Count(n) => save,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Counted(n) => save,
