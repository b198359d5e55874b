use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        connections => [look, keep]
    };
}

// Instead:
//     connections => any [look, keep]
