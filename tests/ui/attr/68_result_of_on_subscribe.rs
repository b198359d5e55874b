use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    fn on_subscribe(&mut self) -> u64 {
        0
    }
}

fn main() {}

// Instead of lines 10 to 12:
//     fn on_subscribe(&mut self) {}
