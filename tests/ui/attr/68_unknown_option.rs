use stagekit::prelude::*;

struct Relay;

#[stage(workers = 4)]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
}

fn main() {}

// Instead:
//     #[stage(name = "relay")]
