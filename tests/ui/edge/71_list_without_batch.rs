use stagekit::prelude::*;
use tests::stages::*;

#[producer_consumer]
fn all_of(numbers: Vec<u64>) -> u64 {
    numbers.into_iter().sum()
}

fn main() {
    let _ = pipeline! {
        counter(0..3) => all_of => _
    };
}

// Instead of line 11:
//     counter(0..3) => total => _
