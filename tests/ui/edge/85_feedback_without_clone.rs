use stagekit::prelude::*;
use tests::stages::*;

/// One to one.
#[producer_consumer]
fn again(connection: Connection) -> Connection {
    connection
}

fn main() {
    let _ = pipeline! {
        let again = again;
        connections => again => [feedback(64) again, look]
    };
}

// Instead:
//     connections => again => any [feedback(64) again, look]
