use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => convert => save
    };
}

// Instead:
//     counter(0..3) => convert::<u64> => save
