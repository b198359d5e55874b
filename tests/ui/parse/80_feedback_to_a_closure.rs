use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        counter(0..3) => a => [feedback(64) |x| x, save]
    };
}

// Instead:
//     counter(0..3) => a => any [(|x: u64| x) => feedback(64) a, save]
