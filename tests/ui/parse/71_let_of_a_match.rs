use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let branches = match { Happening::Counted(n) => save, _ => _ };
        counter(0..3) => save
    };
}
