use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => [match { 0 => _, n => save }, print]
    };
}

// Instead:
//     counter(0..3) => [|n| n => match { 0 => _, n => save }, print]
