use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        cells => [peek, |cell| drop(cell)]
    };
}
