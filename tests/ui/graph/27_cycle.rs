use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        let b = square;
        counter(0..3) => a => b => [save, a]
    };
}

// Instead:
//     counter(0..3) => a => b => save
