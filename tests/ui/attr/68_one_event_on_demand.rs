use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_demand(&mut self) -> Option<u64> {
        None
    }
}

fn main() {}

// Instead:
//     fn on_demand(&mut self) -> Option<Vec<u64>> {
