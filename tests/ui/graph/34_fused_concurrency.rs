use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) -> fetch.concurrency(4) => alarm
    };
}

// Instead:
//     counter(0..3) => fetch.concurrency(4) => alarm
