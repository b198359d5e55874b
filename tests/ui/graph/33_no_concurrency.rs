use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => fetch.concurrency(0) => alarm
    };
}

// Instead:
//     counter(0..3) => fetch.concurrency(10) => alarm
