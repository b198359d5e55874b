use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => |word| { let word = word.trim(); word.parse::<u64>()? } => save
    };
}

// Instead:
//     words => try_map |word| { let word = word.trim(); word.parse::<u64>() } => save
