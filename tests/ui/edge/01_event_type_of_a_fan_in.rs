use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        [counter(0..3), words] => double => save
    };
}

// Instead:
//     [counter(0..3), words => |word| word.len() as u64] => double => save
