use stagekit::prelude::*;
use stagekit::live::{Context};

struct Relay;

#[stage]
impl Relay {
    fn on_info(&mut self, x: u64, cx: &Context<u64>) {
        let _ = (x, cx);
    }
}

fn main() {}

// Instead:
//     fn on_info(&mut self, x: u64, cx: &mut Context<u64>) {
