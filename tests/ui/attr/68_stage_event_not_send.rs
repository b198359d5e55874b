use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    fn on_event(&mut self, x: u64) -> std::rc::Rc<u64> {
        x.into()
    }
}

fn main() {}

// Instead:
//     fn on_event(&mut self, x: u64) -> std::sync::Arc<u64> {
