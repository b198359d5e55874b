#![deny(unreachable_patterns)]

use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match {
            0 => _,
            n => save,
            3 => _,
        }
    };
}

// Instead of lines 10 to 11:
//     3 => _,
//     n => save,
