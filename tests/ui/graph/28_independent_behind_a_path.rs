use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save;
        independent;
        words => alarm
    };
}

// Instead of lines 6 to 7:
//     independent;
//     counter(0..3) => save;
