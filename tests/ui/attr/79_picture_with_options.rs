use tests::stages::*;
use stagekit::prelude::*;

/// Counts.
#[stagekit::picture(svg)]
fn count() -> Pipeline {
    pipeline! { counter(0..9) => save }
}

fn main() {
    let _ = count();
}

// Instead of line 5:
//     #[stagekit::picture]
