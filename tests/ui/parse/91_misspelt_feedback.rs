use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let double = double;
        counter(0..3) => double => [save, |n| n / 2 => feedbak(8) double]
    };
}

// Instead:
//     counter(0..3) => double => [save, |n| n / 2 => feedback(8) double]
