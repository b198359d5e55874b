use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => filter |word| word.len() > 1 else alarm => |word| println!("{word}")
    };
}

// Instead:
//     words => filter |word| word.len() > 1 => |word| println!("{word}")
