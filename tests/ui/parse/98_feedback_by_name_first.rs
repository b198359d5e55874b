use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let d = double;
        counter(0..3) => d => match { n if n < 9 => feedback(d, 3), _ => _ }
    };
}

// Instead:
//     counter(0..3) => d => match { n if n < 9 => feedback(3) d, _ => _ }
