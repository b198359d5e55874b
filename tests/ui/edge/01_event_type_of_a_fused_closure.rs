use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) -> |text: &String| text.len() => _
    };
}

// Instead:
//     counter(0..3) -> |n: &u64| n.to_string().len() => _
