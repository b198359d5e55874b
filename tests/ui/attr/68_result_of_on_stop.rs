use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    fn on_stop(&mut self) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}

// Instead of lines 10 to 12:
//     fn on_stop(&mut self) {}
