use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        counter(0..3) => a => save;
        feedback(64) a
    };
}

// Instead of lines 7 to 8:
//     counter(0..3) => a => any [feedback(64) a, save]
