use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        let b = square;
        counter(0..3) => b => save;
        a => [feedback(64) a, b]
    };
}
