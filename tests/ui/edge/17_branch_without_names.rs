use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match { 0 => save, _ => _ }
    };
}

// Instead:
//     counter(0..3) => match { n @ 0 => save, _ => _ }
