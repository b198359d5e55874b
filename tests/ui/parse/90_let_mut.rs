use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let mut d = double;
        counter(0..3) => d => save
    };
}

// Instead:
//     let d = double;
