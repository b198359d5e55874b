use stagekit::prelude::*;
use tests::stages::*;

#[consumer]
fn labelled(word: String, label: &String) {
    println!("{label}: {word}");
}

fn main() {
    let label = String::from("word");
    let _ = pipeline! {
        words => labelled(&label)
    };
}

// Instead:
//     words => labelled(label.clone())
