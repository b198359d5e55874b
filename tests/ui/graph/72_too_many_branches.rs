use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        counter(0..3) => match {
            n if n == 0 => save.name("a"),
            n if n == 1 => save.name("b"),
            n if n == 2 => save.name("c"),
            n if n == 3 => save.name("d"),
            n if n == 4 => save.name("e"),
            n if n == 5 => save.name("f"),
            n if n == 6 => save.name("g"),
            n if n == 7 => save.name("h"),
            n if n == 8 => save.name("i"),
            n if n == 9 => save.name("j"),
            n if n == 10 => save.name("k"),
            n if n == 11 => save.name("l"),
            n if n == 12 => save.name("m"),
            n if n == 13 => save.name("n"),
            _ => _,
        }
    };
}

// Instead of lines 18 to 20:
//     n => match { n if n < 20 => save.name("l"), _ => _ },
