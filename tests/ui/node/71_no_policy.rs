use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse.on_error(skip) => save
    };
}

// Instead of line 6:
//     words => parse.on_error(skip()) => save
