use stagekit::prelude::*;
use stagekit::live::{Callbacks};

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64, y: u64) -> u64 {
        x + y
    }
}

fn run<S: Callbacks<In = u64, Out = u64>>(stage: S) {
    drop(stage);
}

fn main() {
    run(Relay);
}

// Instead of lines 8 to 9:
//     fn on_event(&mut self, x: u64) -> u64 {
//         x
