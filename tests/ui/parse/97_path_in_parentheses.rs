use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => (double => save)
    };
}

// Instead:
//     counter(0..3) => [double => save]
