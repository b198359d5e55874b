use stagekit::prelude::*;
use tests::stages::*;

#[producer_consumer]
async fn soon(n: u64) -> u64 {
    std::future::ready(n).await
}

fn main() {
    let _ = pipeline! {
        counter(0..3) => |n| std::future::ready(n).await => save
    };
}

// Instead:
//     counter(0..3) => soon => save
