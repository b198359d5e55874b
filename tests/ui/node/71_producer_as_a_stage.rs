use stagekit::dynamic::*;
use tests::stages::*;

fn main() {
    let _ = stage(node!(counter(0..3)));
}

// Instead:
//     let _ = producer(node!(counter(0..3)));
