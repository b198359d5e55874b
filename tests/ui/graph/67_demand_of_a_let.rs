use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let numbers = counter(0..3).min_demand(5);
        numbers => [save, double => print];
    };
}

// Instead of lines 6 to 7:
//     let numbers = counter(0..3);
//     numbers => [save.min_demand(5), double => print];
