use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => { save }
    };
}

// Instead of line 6:
//     counter(0..3) => save
