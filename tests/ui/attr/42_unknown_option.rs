use stagekit::prelude::*;

#[consumer(batchsize(3))]
fn save(x: u64) {
    let _ = x;
}

fn main() {}

// Instead of lines 3 to 4:
//     #[consumer(batch(3, std::time::Duration::ZERO))]
//     fn save(x: Vec<u64>) {
