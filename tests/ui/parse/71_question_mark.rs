use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse? => save
    };
}

// Instead of line 6:
//     words => parse else quarantine => save
