use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => double => [feedback(64) double, save]
    };
}
