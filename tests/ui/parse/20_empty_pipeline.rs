use stagekit::prelude::*;

fn main() {
    let _ = pipeline! {};
}

// Instead:
//     let _ = pipeline! { { from_iter(0..3u64) } => |n| println!("{n}") };
