use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => try_map |w| w.parse::<u64>() catch |e| drop(e) => save
    };
}

// Instead:
//     words => try_map |w| w.parse::<u64>() else |e| drop(e) => save
