use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        independent;
        counter(0..3) => double => save
    };
}
