use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let all = total.batch(50, std::time::Duration::ZERO);
        counter(0..3) => all.max_demand(20);
        counter(3..6) => all.max_demand(20);
        all => save
    };
}

// Instead of lines 7 to 8:
//     counter(0..3) => all.max_demand(50);
//     counter(3..6) => all.max_demand(50);
