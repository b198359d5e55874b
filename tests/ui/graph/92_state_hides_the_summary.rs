use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let stages = sum(0);
        counter(0..3) => stages
    };
}

// Instead of lines 6 to 7:
//     let total = sum(0);
//     counter(0..3) => total
