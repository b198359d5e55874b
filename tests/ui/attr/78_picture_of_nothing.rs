use tests::stages::*;
use stagekit::prelude::*;

/// The numbers are counted elsewhere.
#[stagekit::picture]
fn count() -> &'static str {
    "pipeline! { counter(0..9) => save }"
}

fn main() {
    let _ = (count(), pipeline! { counter(0..9) => save });
}

// Instead of lines 6 to 8:
//     fn count() -> Pipeline {
//         pipeline! { counter(0..9) => save }
//     }
