use stagekit::prelude::*;

struct Line<'a>(&'a str);

#[consumer]
fn save<'a>(line: Line<'a>) {
    let _ = line.0;
}

fn main() {}
