use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn double(&self, x: u64) -> u64 {
        x * 2
    }
}

fn main() {}
