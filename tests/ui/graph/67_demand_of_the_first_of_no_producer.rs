use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        double.max_demand(5) => save
    };
}

// Instead:
//     counter(0..3) => double.max_demand(5) => save
