use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => [save, shout => alarm]
    };
}

// Instead:
//     counter(0..3) => [save, show => shout => alarm]
