use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Logged(line, urgent) => alarm,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Logged(line, _) => alarm,
