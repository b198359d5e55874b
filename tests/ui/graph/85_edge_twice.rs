use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = save;
        counter(0..3) => [a, a]
    };
}

// Instead of lines 6 to 7:
//     let a = save;
//     let b = save.name("b");
//     counter(0..3) => [a, b]
