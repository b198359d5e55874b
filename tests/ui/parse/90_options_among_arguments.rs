use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => double(workers = 2) => save
    };
}

// Instead:
//     counter(0..3) => double.workers(2) => save
