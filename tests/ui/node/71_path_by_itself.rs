use stagekit::builder::*;
use tests::stages::*;

fn main() {
    let _ = node!(counter(0..3) => save);
}

// Instead:
// let numbers = start(node!(counter(0..3)));
// let _ = link_last(&numbers.port(), node!(save));
