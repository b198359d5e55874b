use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => |x| x. => save
    };
}

// Instead:
//     counter(0..3) => |x| x.pow(2) => save
