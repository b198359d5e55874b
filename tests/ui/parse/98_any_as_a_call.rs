use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => any(save, sum(0))
    };
}

// Instead:
//     counter(0..3) => any [save, sum(0)]
