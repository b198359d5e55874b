use stagekit::prelude::*;
use tests::stages::*;

#[producer]
fn numbers() -> std::ops::Range<u64> {
    0..3
}

fn main() {
    let _ = pipeline! { numbers => save };
}

// Instead:
//     fn numbers() -> impl Iterator<Item = u64> {
