use stagekit::prelude::*;
use stagekit::live::{Subscribe};

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    async fn on_subscribe(&mut self, options: &Subscribe<u64>) {
        let _ = options;
    }
}

fn main() {}

// Instead:
//     fn on_subscribe(&mut self, options: &Subscribe<u64>) {
