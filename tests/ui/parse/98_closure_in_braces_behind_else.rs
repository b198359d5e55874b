use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse else { |e| drop(e) } => save
    };
}

// Instead:
//     words => parse else |e| drop(e) => save
