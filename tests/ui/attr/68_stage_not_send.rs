use stagekit::prelude::*;

struct Relay(std::rc::Rc<u64>);

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> u64 {
        x
    }
}

fn main() {}

// Instead of line 3:
//     struct Relay(std::sync::Arc<u64>);
