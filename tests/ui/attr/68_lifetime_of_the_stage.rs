use stagekit::prelude::*;

struct Relay<'a>(&'a str);

#[stage]
impl Relay<'_> {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
}

fn main() {}
