use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let numbers = parse;
        words => numbers else quarantine => save
    };
}
