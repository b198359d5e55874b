use stagekit::prelude::*;

#[consumer]
fn save() {}

fn main() {}
