use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let first = double;
        first => save
    };
}
