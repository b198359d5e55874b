use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_demand(&mut self, demand: Demand, step: u64) -> Vec<u64> {
        vec![step; demand.get()]
    }
}

fn main() {}

// Instead of lines 3 to 8:
//     struct Relay {
//         step: u64,
//     }
//
//     #[stage]
//     impl Relay {
//         fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
//             vec![self.step; demand.get()]
