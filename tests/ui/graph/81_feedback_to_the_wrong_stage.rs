use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        let b = square;
        counter(0..3) => b => feedback(64) a;
        a => b;
        b => save
    };
}

// Instead of lines 8 to 10:
//     counter(0..3) => b => any [a, save];
//     a => feedback(64) b
