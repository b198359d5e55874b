use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) -> total => save
    };
}

// Instead:
//     counter(0..3) => total => save
