use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Counted(n) => match { 0 => _, n @ 1..10 => save },
            _ => _,
        }
    };
}

// Instead:
//     Happening::Counted(n) => match { n @ 1..10 => save, _ => _ },
