use stagekit::prelude::*;
use tests::stages::*;

#[producer_consumer]
fn again(error: NotANumber) -> String {
    error.0
}

fn main() {
    let _ = pipeline! {
        let p = parse;
        words => p else again => feedback(3) p => save
    };
}

// Instead of lines 11 to 12:
//     let p = parse else [again => feedback(3) p];
//     words => p => save
