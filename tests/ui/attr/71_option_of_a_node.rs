use stagekit::prelude::*;

#[consumer(workers = 4)]
fn save(n: u64) {
    drop(n);
}

fn main() {}

// Instead of line 3:
//     #[consumer]
