use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => { |n| n + 1 } => save
    };
}

// Instead:
//     counter(0..3) => |n| n + 1 => save
