use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let last = double;
        counter(0..3) => last
    };
}

// Instead:
//     counter(0..3) => last => save
