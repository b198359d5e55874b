use stagekit::prelude::*;
use tests::stages::*;

type Numbers = std::vec::IntoIter<u64>;

#[producer_consumer]
fn several(n: u64) -> Numbers {
    vec![n, n].into_iter()
}

fn main() {
    let _ = pipeline! { counter(0..3) => several => save };
}

// Instead of line 6:
//     #[producer_consumer(many)]
