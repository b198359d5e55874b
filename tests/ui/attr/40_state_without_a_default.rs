use stagekit::prelude::*;

struct Cursor(u64);

#[producer_consumer]
fn number(x: u64, #[state] cursor: &mut Cursor) -> u64 {
    cursor.0 += x;
    cursor.0
}

fn main() {}
