use stagekit::prelude::*;
use stagekit::live::{Subscribe};

struct Relay;

#[stage]
impl Relay {
    fn on_subscribe(&mut self, options: &Subscribe<String>) {
        let _ = options;
    }
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
}

fn main() {}

// Instead:
//     fn on_subscribe(&mut self, options: &Subscribe<u64>) {
