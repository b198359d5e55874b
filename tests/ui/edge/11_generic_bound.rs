use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => price => save
    };
}

// Instead:
//     orders => price => save
