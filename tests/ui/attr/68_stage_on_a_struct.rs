use stagekit::prelude::*;

#[stage]
struct Relay;

fn main() {}

// Instead of lines 3 to 4:
//     struct Relay;
//
//     #[stage]
//     impl Relay {
//         fn on_event(&mut self, x: u64) -> u64 {
//             x
//         }
//     }
