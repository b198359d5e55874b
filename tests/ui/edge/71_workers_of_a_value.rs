use stagekit::builder::node;
use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        { node!(counter(0..3).workers(4)) } => save
    };
}

// Instead:
//     { node!(counter(0..3)) } => save.workers(4)
