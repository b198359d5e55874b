use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => shout else quarantine => alarm
    };
}

// Instead:
//     words => shout => alarm
