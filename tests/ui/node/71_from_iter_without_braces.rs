use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        from_iter(0..3) => save
    };
}

// Instead of line 6:
//     { from_iter(0..3u64) } => save
