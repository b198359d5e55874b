use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Counted(n) => save,
            _ => {}
        }
    };
}

// Instead:
//     _ => _
