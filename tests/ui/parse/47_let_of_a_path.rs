use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let doubled = counter(0..3) => double;
        doubled => save
    };
}
