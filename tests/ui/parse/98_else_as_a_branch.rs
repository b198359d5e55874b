use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match { 0 => _, n if n > 1 => save, else => _ }
    };
}

// Instead:
//     counter(0..3) => match { 0 => _, n if n > 1 => save, _ => _ }
