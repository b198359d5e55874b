use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn handle_events(&mut self, list: Vec<u64>) -> Vec<u64> {
        list
    }
}

fn main() {}

// Instead:
//     fn on_events(&mut self, list: Vec<u64>) -> Vec<u64> {
