use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        save <- counter(0..3)
    };
}

// Instead of line 6:
//     counter(0..3) => save
