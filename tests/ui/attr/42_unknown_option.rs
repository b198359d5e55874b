use stagekit::prelude::*;

#[consumer(batchsize(3))]
fn save(x: u64) {
    let _ = x;
}

fn main() {}
