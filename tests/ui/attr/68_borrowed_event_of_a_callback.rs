use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: &str) -> usize {
        x.len()
    }
}

fn main() {}

// Instead:
//     fn on_event(&mut self, x: &String) -> usize {
