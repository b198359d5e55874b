use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => save => match { 0 => _, n => print }
    };
}

// Instead:
//     counter(0..3) => double => match { 0 => _, n => print }
