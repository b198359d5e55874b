use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> Result<u64, u64> {
        Err(x)
    }
}

fn main() {}

// Instead of lines 7 to 8:
//     fn on_event(&mut self, x: u64) -> Result<u64, String> {
//         Err(x.to_string())
