use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        counter(0..3) => a => show => feedback(64) a;
        a => save
    };
}

// Instead of lines 7 to 8:
//     counter(0..3) => a => any [|x| x + 1 => feedback(64) a, save]
