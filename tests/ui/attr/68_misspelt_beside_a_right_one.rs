use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    fn terminate(&mut self) {}
}

fn main() {}

// Instead:
//     fn on_stop(&mut self) {}
