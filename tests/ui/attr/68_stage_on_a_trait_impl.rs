use stagekit::prelude::*;

struct Relay;

trait Relays {
    fn on_event(&mut self, x: u64) -> u64;
}

#[stage]
impl Relays for Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
}

fn main() {}

// Instead of lines 9 to 10:
//     #[stage]
//     impl Relay {
