use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(3) => save
    };
}

// Instead:
//     counter(3..4) => save
