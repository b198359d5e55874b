use stagekit::prelude::*;
use tests::stages::*;

#[consumer]
fn labelled(n: u64, label: &'static str) {
    println!("{label}: {n}");
}

fn main() {
    let label = String::from("sum");
    let _ = pipeline! {
        counter(0..3) => labelled(&label)
    };
}

// Instead of line 12:
//     counter(0..3) => labelled("sum")
