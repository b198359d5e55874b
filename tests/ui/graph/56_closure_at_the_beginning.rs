use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        |x: u64| x + 1 => save
    };
}

// Instead:
//     { from_iter(0..3u64) } => |x: u64| x + 1 => save
