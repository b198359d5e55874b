use stagekit::prelude::*;

#[stage]
fn double(x: u64) -> u64 {
    x * 2
}

fn main() {}

// Instead of line 3:
//     #[producer_consumer]
