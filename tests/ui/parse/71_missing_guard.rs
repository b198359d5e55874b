use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Counted(n) if => save,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Counted(n) if n > 3 => save,
