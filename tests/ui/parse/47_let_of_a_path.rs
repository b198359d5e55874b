use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let doubled = counter(0..3) => double;
        doubled => save
    };
}

// Instead of lines 6 to 7:
//     let doubled = double;
//     counter(0..3) => doubled;
//     doubled => save
