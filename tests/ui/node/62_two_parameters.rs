use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => |x, y| x + y => save
    };
}

// Instead:
//     counter(0..3) => |x| x + 1 => save
