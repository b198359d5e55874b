use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match { n when n > 1 => save, _ => _ }
    };
}

// Instead:
//     counter(0..3) => match { n if n > 1 => save, _ => _ }
