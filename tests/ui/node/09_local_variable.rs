use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let numbers = from_iter(0..3u64);
    let _ = pipeline! {
        numbers => save
    };
}

// Instead:
//     { numbers } => save
