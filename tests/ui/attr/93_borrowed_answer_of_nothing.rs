use stagekit::prelude::*;
use tests::stages::*;

#[producer_consumer]
fn trimmed(text: String) -> &str {
    text.trim()
}

fn main() {
    let _ = pipeline! { words => trimmed => |text| println!("{text}") };
}

// Instead of lines 5 to 6:
//     fn trimmed(text: String) -> String {
//         text.trim().into()
