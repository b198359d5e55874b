use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let store = save
        counter(0..3) => store
    };
}

// Instead of line 6:
//     let store = save;
