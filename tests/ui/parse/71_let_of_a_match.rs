use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let branches = match { Happening::Counted(n) => save, _ => _ };
        counter(0..3) => save
    };
}

// Instead of lines 6 to 7:
//     happenings => match { Happening::Counted(n) => save, _ => _ }
