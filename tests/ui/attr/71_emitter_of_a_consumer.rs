use stagekit::prelude::*;

#[consumer]
fn save(n: u64, out: Emitter<u64>) {
    drop((n, out));
}

fn main() {}

// Instead of line 4:
//     fn save(n: u64) {
