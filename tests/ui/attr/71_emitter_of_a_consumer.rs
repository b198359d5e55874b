use stagekit::prelude::*;

#[consumer]
fn save(n: u64, out: Emitter<u64>) {
    drop((n, out));
}

fn main() {}

// Instead of lines 4 to 5:
//     fn save(n: u64) {
//         drop(n);
