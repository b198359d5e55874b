use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let segment: Segment<u64, String> = pipeline! { .. => double => show => .. };
    let _ = segment.run_blocking();
}
