use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => total.batch(0, std::time::Duration::ZERO) => save
    };
}

// Instead:
//     counter(0..3) => total.batch(10, std::time::Duration::ZERO) => save
