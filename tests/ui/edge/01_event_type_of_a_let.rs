use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let store = save;
        counter(0..3) => store;
        words => store
    };
}

// Instead:
//     words => parse else quarantine => store
