use stagekit::prelude::*;

struct Relay<'a>(&'a str);

#[stage]
impl Relay<'_> {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
}

fn main() {}

// Instead of lines 3 to 6:
//     struct Relay(String);
//
//     #[stage]
//     impl Relay {
