use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save -> |x| println!("{x}") => _
    };
}

// Instead:
//     counter(0..3) => [save, |x| println!("{x}")]
