use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double.workers(4);
        counter(0..3) => by |x| *x [a];
        a => [feedback(20) a, save]
    };
}

// Instead of lines 6 to 8:
//     let again = (|x: u64| x);
//     let a = double.workers(4);
//     counter(0..3) => again => by |x| *x [a];
//     a => any [feedback(20) again, save]
