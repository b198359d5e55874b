use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save.max_demand(0)
    };
}

// Instead:
//     counter(0..3) => save.max_demand(1)
