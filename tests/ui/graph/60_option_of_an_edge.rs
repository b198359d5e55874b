use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let store = save;
        counter(0..3) => store.workers(3)
    };
}

// Instead of lines 6 to 7:
//     let store = save.workers(3);
//     counter(0..3) => store.max_demand(10)
