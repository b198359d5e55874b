use stagekit::prelude::*;
use tests::stages::*;

fn shown() -> Segment<u64, String> {
    pipeline! { .. => double => show => .. }
}

fn main() {
    let _ = pipeline! {
        words => { shown() } => alarm
    };
}

// Instead:
//     counter(0..3) => { shown() } => alarm
