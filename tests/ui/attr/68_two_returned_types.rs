use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    fn on_start(&mut self) -> String {
        String::new()
    }
}

fn main() {}

// Instead of lines 10 to 11:
//     fn on_start(&mut self) -> u64 {
//         0
