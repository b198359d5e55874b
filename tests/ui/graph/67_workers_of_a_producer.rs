use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3).workers(4) => save
    };
}

// Instead:
//     counter(0..3) => save.workers(4)
