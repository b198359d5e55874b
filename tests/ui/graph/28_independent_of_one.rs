use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        independent;
        counter(0..3) => double => save
    };
}

// Instead of lines 6 to 7:
//     counter(0..3) => double => save
