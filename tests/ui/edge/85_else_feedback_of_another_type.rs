use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let parsed = parse else feedback(64) parsed;
        words => parsed => save
    };
}

// Instead:
//     let parsed = parse else [|error: NotANumber| error.0 => feedback(64) parsed];
