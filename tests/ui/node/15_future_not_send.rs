use stagekit::prelude::*;
use tests::stages::*;

#[consumer]
async fn slow(x: u64) {
    let shared = std::rc::Rc::new(x);
    std::future::ready(()).await;
    drop(shared);
}

fn main() {
    let _ = pipeline! {
        counter(0..3) => slow
    };
}

// Instead of line 6:
//     let shared = std::sync::Arc::new(x);
