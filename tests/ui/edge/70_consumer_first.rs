use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        print => double => save
    };
}
