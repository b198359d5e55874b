use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => total.batch(50, std::time::Duration::ZERO).max_demand(20) => save
    };
}

// Instead:
//     counter(0..3) => total.batch(50, std::time::Duration::ZERO).max_demand(100) => save
