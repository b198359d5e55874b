use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => double => [feedback(64) double, save]
    };
}

// Instead:
//     let double = double;
//     counter(0..3) => double => any [feedback(64) double, save]
