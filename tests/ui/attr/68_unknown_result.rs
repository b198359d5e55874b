use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> impl std::fmt::Display {
        x
    }
}

fn main() {}
