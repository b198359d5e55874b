use stagekit::builder::node;
use tests::stages::*;

fn main() {
    let _ = node!(parse else quarantine);
}
