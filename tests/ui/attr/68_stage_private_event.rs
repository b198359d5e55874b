use stagekit::prelude::*;

struct Secret;

pub struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: Secret) {
        drop(x);
    }
}

fn main() {}

// Instead of line 3:
//     pub struct Secret;
