use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let total = sum(0);
        counter(0..3) => total(1)
    };
}

// Instead of lines 6 to 7:
//     let total = sum(1);
//     counter(0..3) => total
