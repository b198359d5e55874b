use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let numbers = counter(0..3).min_demand(5);
        numbers => [save, double => print];
    };
}
