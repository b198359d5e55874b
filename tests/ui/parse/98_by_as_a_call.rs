use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => by(|n| n % 4) [save, print]
    };
}

// Instead:
//     counter(0..3) => by |n| n % 4 [save, print]
