use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let p = parse else { |e| e.0 => feedback(3) p };
        words => p => save
    };
}

// Instead:
//     let p = parse else [|e| e.0 => feedback(3) p];
