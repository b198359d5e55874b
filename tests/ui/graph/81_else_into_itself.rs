use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let parsed = parse else parsed;
        words => parsed => save
    };
}
