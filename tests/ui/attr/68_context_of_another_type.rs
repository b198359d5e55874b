use stagekit::prelude::*;
use stagekit::live::{Context};

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
    fn on_info(&mut self, x: u64, cx: &mut Context<String>) {
        cx.emit(x.to_string());
    }
}

fn main() {}

// Instead of lines 11 to 12:
//     fn on_info(&mut self, x: u64, cx: &mut Context<u64>) {
//         cx.emit(x);
