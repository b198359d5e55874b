use stagekit::prelude::*;

#[producer_consumer(one, one)]
fn double(x: u64) -> u64 {
    x * 2
}

fn main() {}

// Instead:
//     #[producer_consumer(one)]
