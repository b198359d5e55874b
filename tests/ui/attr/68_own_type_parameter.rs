use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event<T: Into<u64>>(&mut self, x: T) -> u64 {
        x.into()
    }
}

fn main() {}

// Instead:
//     fn on_event(&mut self, x: u32) -> u64 {
