use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        [counter(0..3), counter(4..6)] -> save
    };
}

// Instead:
//     [counter(0..3), counter(4..6)] => save
