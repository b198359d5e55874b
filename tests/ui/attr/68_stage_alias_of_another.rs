use stagekit::prelude::*;

struct Relay;

#[stage(emits = u64)]
impl Relay {
    fn on_event(&mut self, x: u64) -> u32 {
        x as u32
    }
}

fn main() {}

// Instead of line 5:
//     #[stage]
