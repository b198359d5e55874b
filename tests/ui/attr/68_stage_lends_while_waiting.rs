use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    async fn on_event(&mut self, x: &std::cell::Cell<u64>) -> u64 {
        x.get()
    }
}

fn main() {}

// Instead:
//     async fn on_event(&mut self, x: std::cell::Cell<u64>) -> u64 {
