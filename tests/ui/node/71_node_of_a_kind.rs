use stagekit::dynamic::*;
use tests::stages::*;

fn main() {
    let mut kinds: Kinds = Kinds::new();
    kinds.kind("double", |_| node!(double));
}

// Instead:
//     kinds.kind("double", |_| stage(node!(double)));
