use stagekit::prelude::*;

#[producer_consumer]
fn u8(x: u64) -> u64 {
    x
}

fn main() {}

// Instead of line 3:
//     #[producer_consumer(as = Low)]
