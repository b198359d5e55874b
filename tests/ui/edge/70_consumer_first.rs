use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        print => double => save
    };
}

// Instead:
//     counter(0..3) => double => print
