use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double.workers(4);
        counter(0..3) => by |x| *x [a];
        counter(5..9) => by |x| *x [a, square => save];
        a => save.name("other")
    };
}

// Instead of lines 7 to 8:
//     [counter(0..3), counter(5..9)] => by |x| *x [a, square => save];
