use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => { println!("an event"); }
    };
}

// Instead:
//     counter(0..3) => |_| { println!("an event"); }
