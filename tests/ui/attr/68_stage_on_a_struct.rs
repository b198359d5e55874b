use stagekit::prelude::*;

#[stage]
struct Relay;

fn main() {}
