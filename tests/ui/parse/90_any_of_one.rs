use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => any save
    };
}

// Instead:
//     counter(0..3) => save.workers(4)
