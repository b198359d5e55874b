use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    fn on_events(&mut self, list: Vec<u64>) -> Vec<u64> {
        list
    }
}

fn main() {}

// Instead of lines 7 to 9:
