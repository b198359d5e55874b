use stagekit::prelude::*;

#[producer_consumer]
fn double(x: u64) {
    let _ = x * 2;
}

fn main() {}

// Instead of line 3:
//     #[consumer]
