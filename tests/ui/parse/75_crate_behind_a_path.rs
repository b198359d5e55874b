use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save;
        crate = stagekit;
    };
}

// Instead of lines 6 to 7:
//     crate = stagekit;
//     counter(0..3) => save;
