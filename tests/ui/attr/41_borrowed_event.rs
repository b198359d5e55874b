use stagekit::prelude::*;

struct Line<'a>(&'a str);

#[consumer]
fn save<'a>(line: Line<'a>) {
    let _ = line.0;
}

fn main() {}

// Instead of lines 3 to 7:
//     struct Line(String);
//
//     #[consumer]
//     fn save(line: Line) {
//         let _ = line.0;
