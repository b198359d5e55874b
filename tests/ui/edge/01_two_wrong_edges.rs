use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => shout => parse => alarm
    };
}

// Instead:
//     counter(0..3) => show => parse else quarantine => show.name("text") => alarm
