use stagekit::prelude::*;

#[consumer(batch(0, std::time::Duration::ZERO))]
fn save(list: Vec<u64>) {
    drop(list);
}

fn main() {}

// Instead:
//     #[consumer(batch(10, std::time::Duration::ZERO))]
