use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let store = save;
        counter(0..3) => store.maxdemand(3)
    };
}

// Instead:
//     counter(0..3) => store.max_demand(3)
