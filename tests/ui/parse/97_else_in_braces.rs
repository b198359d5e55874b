use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let p = { parse else |e| drop(e) };
        words => p => save
    };
}

// Instead:
//     let p = parse else |e| drop(e);
