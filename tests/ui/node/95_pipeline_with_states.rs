use stagekit::prelude::*;
use tests::stages::*;

fn totals() -> Pipeline<u64> {
    pipeline! {
        let total = sum(0);
        counter(0..3) => total
    }
}

fn main() {
    let _ = totals();
}

// Instead of line 8:
//     }
//     .map(|finished| finished.total)
