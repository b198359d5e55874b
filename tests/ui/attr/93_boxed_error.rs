use stagekit::prelude::*;
use tests::stages::*;

#[producer_consumer]
fn number(text: String) -> Result<u64, Box<dyn std::error::Error>> {
    Ok(text.parse()?)
}

fn main() {
    let _ = pipeline! { words => number => save };
}

// Instead:
//     fn number(text: String) -> Result<u64, stagekit::BoxError> {
