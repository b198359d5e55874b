use stagekit::prelude::*;
use tests::stages::*;

/// Keeps what cannot be cloned.
#[consumer]
fn count(x: u64, connection: &mut Connection) {
    connection.0 += x;
}

fn main() {
    let _ = pipeline! {
        counter(0..3) => count(Connection(0)).restart(Restart::default())
    };
}
