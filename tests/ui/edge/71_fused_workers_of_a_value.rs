use stagekit::builder::node;
use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) -> { node!(double.workers(4)) } => save
    };
}

// Instead:
//     counter(0..3) => { node!(double.workers(4)) } => save
