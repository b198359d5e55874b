use stagekit::prelude::*;

#[producer]
fn numbers() -> impl Iterator<Item = u64> {
    0..3
}

#[producer_consumer]
fn double(x: u64) {
    let _ = x * 2;
}

#[consumer]
fn save(x: u64) {
    let _ = x;
}

fn main() {
    let _ = pipeline! { numbers => double => save };
}

// Instead of lines 9 to 11:
//     fn double(x: u64) -> u64 {
//         x * 2
//     }
