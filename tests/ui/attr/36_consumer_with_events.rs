use stagekit::prelude::*;

#[consumer]
fn save(x: u64) -> u64 {
    x
}

fn main() {}

// Instead of line 3:
//     #[producer_consumer]
