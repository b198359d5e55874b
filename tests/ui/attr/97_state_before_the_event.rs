use stagekit::prelude::*;

#[consumer]
fn store(sum: &mut u64, n: u64) {
    *sum += n;
}

fn main() {}

// Instead:
//     fn store(n: u64, sum: &mut u64) {
