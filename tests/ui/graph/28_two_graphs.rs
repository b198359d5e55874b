use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save;
        words => alarm
    };
}

// Instead of lines 6 to 7:
//     counter(0..3) => show => alarm;
