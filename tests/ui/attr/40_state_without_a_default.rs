use stagekit::prelude::*;

struct Cursor(u64);

#[producer_consumer]
fn number(x: u64, #[state] cursor: &mut Cursor) -> u64 {
    cursor.0 += x;
    cursor.0
}

fn main() {}

// Instead:
//     fn number(x: u64, #[state(init = Cursor(0))] cursor: &mut Cursor) -> u64 {
