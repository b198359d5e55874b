// What a pipeline leaves behind.
#![deny(warnings)]

use stagekit::prelude::*;
use tests::stages::*;

/// Neither `Debug` nor `Clone`: a result asks for nothing.
struct Ledger(Vec<u64>);

#[consumer]
fn note(x: u64, ledger: &mut Ledger, count: &mut usize) {
    ledger.0.push(x);
    *count += 1;
}

fn main() -> Result<(), Error> {
    let finished = pipeline! {
        let notes = note(Ledger(Vec::new()), 0);
        let sums = sum(0).workers(2);
        let numbers = counter(0..10);
        numbers => double => notes;
        numbers => sums
    }
    .run_blocking()?;
    assert_eq!(finished.notes.0.0, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    assert_eq!(finished.notes.1, 10);
    assert_eq!(finished.sums.iter().sum::<u64>(), 45);
    assert_eq!(finished.stage("note").map(|stage| stage.events_in), Some(10));
    println!("{finished}");
    Ok(())
}
