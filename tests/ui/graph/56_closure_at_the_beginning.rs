use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        |x: u64| x + 1 => save
    };
}
