use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let store = save;
        let store = print;
        counter(0..3) => store
    };
}
