#![deny(unused_must_use)]

use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    pipeline! {
        counter(0..3) => save
    };
}

// Instead of lines 7 to 9:
//     let _ = pipeline! { counter(0..3) => save }.run_blocking();
