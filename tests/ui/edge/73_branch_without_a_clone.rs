use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        connections => match {
            Connection(0) => _,
            connection => [keep, look],
        }
    };
}

// Instead:
//     connection => [look, |connection: &Connection| println!("{}", connection.0)],
