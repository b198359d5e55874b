use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Counted(n) => alarm,
            Happening::Ordered(order) => save,
            Happening::Logged(line, _) => ship,
            _ => _,
        }
    };
}
