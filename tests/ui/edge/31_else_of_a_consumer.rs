use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save else quarantine
    };
}

// Instead of line 6:
//     counter(0..3) => save
