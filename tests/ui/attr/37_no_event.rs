use stagekit::prelude::*;

#[consumer]
fn save() {}

fn main() {}

// Instead:
//     fn save(_event: u64) {}
