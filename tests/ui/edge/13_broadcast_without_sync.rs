use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        cells => [peek, |cell| drop(cell)]
    };
}

// Instead:
//     cells => any [peek, |cell| drop(cell)]
