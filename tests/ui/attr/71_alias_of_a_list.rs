use stagekit::prelude::*;

type Numbers = Vec<u64>;

#[producer]
fn numbers() -> Numbers {
    vec![1, 2]
}

fn main() {}

// Instead of line 6:
//     fn numbers() -> Vec<u64> {
