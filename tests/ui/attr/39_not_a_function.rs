use stagekit::prelude::*;

#[consumer]
struct Save;

fn main() {}
