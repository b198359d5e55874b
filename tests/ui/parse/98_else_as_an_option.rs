use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words => parse.else(quarantine) => save
    };
}

// Instead:
//     words => parse else quarantine => save
