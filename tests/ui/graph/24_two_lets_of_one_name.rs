use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let store = save;
        let store = print;
        counter(0..3) => store
    };
}

// Instead of lines 6 to 8:
//     let store = save;
//     let paper = print;
//     counter(0..3) => [store, paper]
