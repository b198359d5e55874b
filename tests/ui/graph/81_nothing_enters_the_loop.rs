use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        let b = square;
        counter(0..3) => b => save;
        a => [feedback(64) a, b]
    };
}

// Instead of lines 8 to 9:
//     counter(0..3) => a => any [feedback(64) a, b];
//     b => save
