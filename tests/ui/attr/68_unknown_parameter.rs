use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_demand(&mut self, demand: Demand, step: u64) -> Vec<u64> {
        vec![step; demand.get()]
    }
}

fn main() {}
