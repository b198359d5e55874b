use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let p = { double => square };
        counter(0..3) => p => save
    };
}

// Instead of lines 6 to 7:
//     let p = double;
//     counter(0..3) => p => square => save
