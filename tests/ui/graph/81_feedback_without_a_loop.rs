use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        counter(0..3) => [square => feedback(64) a, a => save]
    };
}

// Instead:
//     counter(0..3) => [square => a, a => save]
