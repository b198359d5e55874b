use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> impl std::fmt::Display {
        x
    }
}

fn main() {}

// Instead of lines 7 to 8:
//     fn on_event(&mut self, x: u64) -> impl Iterator<Item = u64> {
//         0..x
