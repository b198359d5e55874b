use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse else match { NotANumber(text) => quarantine } => save
    };
}

// Instead:
//     words => parse else match { error => quarantine } => save
