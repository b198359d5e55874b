use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save.buffer(5, Overflow::Wait)
    };
}

// Instead:
//     counter(0..3).buffer(5, Overflow::Wait) => save
