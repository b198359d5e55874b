use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save.max_demand(10).min_demand(10)
    };
}

// Instead:
//     counter(0..3) => save.max_demand(10).min_demand(5)
