use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let store = save;
        counter(0..3) => store;
        store => print
    };
}

// Instead of lines 7 to 8:
//     counter(0..3) => [store, print]
