use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_evnt(&mut self, x: u64) -> u64 {
        x
    }
}

fn main() {}

// Instead:
//     fn on_event(&mut self, x: u64) -> u64 {
