use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match {
            0 => _,
            _ => save,
        }
    };
}

// Instead:
//     other => save,
