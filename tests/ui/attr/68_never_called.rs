use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
        vec![0; demand.get()]
    }
    fn on_cancel(&mut self) {}
}

fn main() {}

// Instead:
//     fn on_subscriber_cancel(&mut self) {}
