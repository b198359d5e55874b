use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse else by |error| error.0.len() [alarm.workers(2)] => save
    };
}

// Instead:
//     words => parse else by |error| error.0.len() [quarantine.workers(2)] => save
