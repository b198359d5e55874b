use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse else alarm => save
    };
}

// Instead:
//     words => parse else quarantine => save
