use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let again = double;
        again => again
    };
}

// Instead:
//     counter(0..3) => again => save
