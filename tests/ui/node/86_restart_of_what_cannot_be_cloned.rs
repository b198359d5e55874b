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

// Instead of lines 6 to 12:
//     fn count(x: u64, #[state(init = Connection(0))] connection: &mut Connection) {
//         connection.0 += x;
//     }
//
//     fn main() {
//         let _ = pipeline! {
//             counter(0..3) => count.restart(Restart::default())
