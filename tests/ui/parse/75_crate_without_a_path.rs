use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        crate = ;
        counter(0..3) => save
    };
}

// Instead:
//     crate = stagekit;
