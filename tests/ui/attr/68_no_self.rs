use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(x: u64) -> u64 {
        x
    }
}

fn main() {}

// Instead:
//     fn on_event(&self, x: u64) -> u64 {
