use stagekit::builder::*;
use tests::stages::*;

fn main() {
    let _ = node!(parse else quarantine);
}

// Instead:
// let _ = caught(node!(parse));
