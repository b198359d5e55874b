use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        let numbers = sum(0);
        happenings => match {
            Happening::Counted(n) => numbers,
            Happening::Logged(line, _) => numbers,
            _ => _,
        }
    };
}

// Instead:
//     Happening::Logged(line, _) => |line| line.len() as u64 => numbers,
