use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        words -> shout.name("1") -> shout.name("2") -> shout.name("3") -> shout.name("4") -> shout.name("5")
            -> shout.name("6") -> shout.name("7") -> shout.name("8") -> shout.name("9") -> shout.name("10")
            -> shout.name("11") -> shout.name("12") -> shout.name("13") -> shout.name("14") -> shout.name("15")
            -> shout.name("16") -> shout.name("17") => alarm
    };
}

// Instead:
//     => shout.name("16") -> shout.name("17") => alarm
