use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => shout => alarm
    };
}

// Instead:
//     counter(0..3) => |n| n.to_string() => shout => alarm
