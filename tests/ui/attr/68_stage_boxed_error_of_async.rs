use std::error::Error;

use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    async fn on_event(&mut self, x: u64) -> Result<u64, Box<dyn Error>> {
        Ok(x)
    }
}

fn main() {}

// Instead:
//     async fn on_event(&mut self, x: u64) -> Result<u64, Box<dyn Error + Send + Sync>> {
