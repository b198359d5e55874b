use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3).buffer(usize::MAX, Overflow::Wait) => save
    };
}

// Instead:
//     counter(0..3).buffer(10_000, Overflow::Wait) => save
