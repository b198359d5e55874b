use stagekit::prelude::*;

#[consumer]
unsafe fn save(x: u64) {
    let _ = x;
}

fn main() {}

// Instead:
//     fn save(x: u64) {
