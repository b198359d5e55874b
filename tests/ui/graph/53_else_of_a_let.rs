use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let numbers = parse;
        words => numbers else quarantine => save
    };
}

// Instead of lines 6 to 7:
//     let numbers = parse else quarantine;
//     words => numbers => save
