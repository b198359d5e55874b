use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => |word| word.parse::<u64>()? => save
    };
}

// Instead:
//     words => try_map |word| word.parse::<u64>() => save
