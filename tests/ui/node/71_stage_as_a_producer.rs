use stagekit::dynamic::*;
use tests::stages::*;

fn main() {
    let _ = producer(node!(double));
}

// Instead:
//     let _ = stage(node!(double));
