use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        counter(0..3) => a => feedback(64) a => save
    };
}

// Instead:
//     counter(0..3) => a => any [feedback(64) a, save]
