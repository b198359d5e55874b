use stagekit::prelude::*;

#[consumer]
struct Save;

fn main() {}

// Instead:
//     fn save(_event: u64) {}
