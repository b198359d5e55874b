use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match { 0 => _, n if n > 1 => save, n => save }
    };
}

// Instead of line 6:
//     let saved = save;
//     counter(0..3) => match { 0 => _, n if n > 1 => saved, n => saved }
