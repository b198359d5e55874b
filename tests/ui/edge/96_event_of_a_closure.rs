use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => |word| word.len() => save
    };
}

// Instead:
//     words => |word| word.len() as u64 => save
