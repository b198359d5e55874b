use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        3 => save
    };
}

// Instead of line 6:
//     { from_iter([3u64]) } => save
