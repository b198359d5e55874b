use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3).buffer(0, Overflow::Wait) => save
    };
}

// Instead:
//     counter(0..3).buffer(100, Overflow::Wait) => save
