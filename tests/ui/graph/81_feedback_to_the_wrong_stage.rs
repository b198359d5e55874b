use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        let b = square;
        counter(0..3) => b => feedback(64) a;
        a => b;
        b => save
    };
}
