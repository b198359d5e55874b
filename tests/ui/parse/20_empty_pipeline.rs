use stagekit::prelude::*;

fn main() {
    let _ = pipeline! {};
}
