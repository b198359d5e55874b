use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let segment: Segment<u64, String> = pipeline! { .. => double => show => .. };
    let _ = segment.run_blocking();
}

// Instead of lines 5 to 6:
//     let pipeline = pipeline! { counter(0..3) => double => show => alarm };
//     let _ = pipeline.run_blocking();
