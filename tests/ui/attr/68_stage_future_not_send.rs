use stagekit::prelude::*;

struct Relay;

#[stage]
impl Relay {
    async fn on_event(&mut self, x: u64) -> u64 {
        let shared = std::rc::Rc::new(x);
        std::future::ready(()).await;
        *shared
    }
}

fn main() {}

// Instead of line 8:
//     let shared = std::sync::Arc::new(x);
