use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => words => alarm
    };
}

// Instead:
//     [counter(0..3) => show, words] => alarm
