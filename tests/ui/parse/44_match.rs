use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match {
            0 => save,
            _ => print,
        }
    };
}

// Instead of lines 6 to 9:
//     counter(0..3) => by |x| *x [save, print]
