use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => double.concurrency(3) => save
    };
}

// Instead:
//     counter(0..3) => double.workers(3) => save
