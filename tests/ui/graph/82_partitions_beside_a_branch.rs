use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double.workers(4);
        counter(0..9) => match {
            x if x > 5 => by |x| *x [a],
            x => a,
        };
        a => save
    };
}

// Instead of lines 6 to 10:
//     let a = double.workers(4);
//     let both = |x| x;
//     counter(0..9) => match {
//         x if x > 5 => both,
//         x => both,
//     };
//     both => by |x| *x [a];
