use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        vec![1, 2] => save
    };
}

// Instead of line 6:
//     { from_iter(vec![1u64, 2]) } => save
