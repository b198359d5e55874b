use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => if |n| n > 3 { save } else { _ }
    };
}

// Instead:
//     counter(0..3) => match { n if n > 3 => save, _ => _ }
