use stagekit::builder::node;
use tests::stages::*;

fn main() {
    let _ = node!(counter(0..3) => save);
}
