use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => [double => save, square => save]
    };
}

// Instead of line 6:
//     let s = save;
//     counter(0..3) => [double => s, square => s]
