#![deny(deprecated)]

use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => by |x| *x [save]
    };
}

// Instead:
//     counter(0..3) => by |x| *x [save.workers(4)]
