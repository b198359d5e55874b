use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        [counter(0..3), counter(3..6)] => match { 0 => _, n => save }
    };
}

// Instead:
//     [counter(0..3), counter(3..6)] => |n: u64| n => match { 0 => _, n => save }
