use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_info(&mut self, x: u64) {
        let _ = x;
    }
}

fn main() {}

// Instead of line 7:
//     fn on_event(&mut self, x: u64) {
