use stagekit::dynamic::*;
use tests::stages::*;

fn main() {
    let _ = stage(node!(refuse));
}

// Instead:
//     let _ = stage(stagekit::builder::caught(node!(refuse)));
