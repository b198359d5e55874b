use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn double(&self, x: u64) -> u64 {
        x * 2
    }
}

fn main() {}

// Instead of line 7:
//     fn on_event(&self, x: u64) -> u64 {
