use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse else any [quarantine, alarm] => save
    };
}

// Instead:
//     words => parse else any [quarantine, |error| drop(error)] => save
