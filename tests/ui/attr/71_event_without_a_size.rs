use stagekit::prelude::*;

#[consumer]
fn save(text: str) {
    println!("{}", &text);
}

fn main() {}

// Instead:
//     fn save(text: String) {
