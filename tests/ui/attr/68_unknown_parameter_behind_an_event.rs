use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64, y: u64) -> u64 {
        x + y
    }
}

fn main() {}

// Instead of lines 7 to 8:
//     fn on_event(&mut self, x: u64) -> u64 {
//         x
