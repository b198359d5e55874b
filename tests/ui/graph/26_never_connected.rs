use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let audit = print;
        counter(0..3) => save
    };
}

// Instead of line 7:
//     counter(0..3) => [save, audit]
