use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match event {
            Happening::Counted(n) => save,
            _ => _,
        }
    };
}

// Instead:
//     happenings => match {
