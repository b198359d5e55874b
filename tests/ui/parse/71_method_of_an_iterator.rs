use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3).map(|n| n + 1) => save
    };
}

// Instead of line 6:
//     counter(0..3) => |n| n + 1 => save
