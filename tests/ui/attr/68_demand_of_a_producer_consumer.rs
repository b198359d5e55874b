use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
        vec![0; demand.get()]
    }
}

fn main() {}

// Instead of lines 10 to 12:
