use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3).batch(5, std::time::Duration::ZERO) => save
    };
}

// Instead:
//     counter(0..3) => total.batch(5, std::time::Duration::ZERO) => save
