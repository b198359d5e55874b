use stagekit::prelude::*;
use tests::stages::*;

fn shown() -> Segment<u64, u64> {
    pipeline! { .. => double => show => .. }
}

fn main() {
    let _ = shown();
}

// Instead of line 4:
//     fn shown() -> Segment<u64, String> {
