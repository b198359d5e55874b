use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let first = double;
        first => save
    };
}

// Instead of lines 6 to 7:
//     let first = double;
//     counter(0..3) => first => save
