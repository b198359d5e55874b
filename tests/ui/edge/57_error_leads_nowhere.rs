use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => refuse => save
    };
}

// Instead:
//     words => refuse else |_refusal| () => save
