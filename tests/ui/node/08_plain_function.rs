use stagekit::prelude::*;
use tests::stages::*;

fn plain(x: u64) -> u64 {
    x
}

fn main() {
    let _ = pipeline! {
        counter(0..3) => plain => save
    };
}

// Instead:
//     counter(0..3) => |x| plain(x) => save
