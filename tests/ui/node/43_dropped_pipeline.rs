#![deny(unused_must_use)]

use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    pipeline! {
        counter(0..3) => save
    };
}
