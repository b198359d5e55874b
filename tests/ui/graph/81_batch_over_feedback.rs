use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let a = double;
        let b = total.batch(50, std::time::Duration::ZERO);
        counter(0..3) => a => b => [feedback(20) a, save]
    };
}

// Instead:
//     let b = total.batch(20, std::time::Duration::ZERO);
