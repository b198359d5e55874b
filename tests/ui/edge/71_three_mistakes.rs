use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => [shout => alarm, double.workrs(2) => save, show => print]
    };
}

// Instead of line 6:
//     counter(0..3) => [show => alarm, double.workers(2) => save, print]
