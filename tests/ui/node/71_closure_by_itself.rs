use stagekit::builder::*;

fn main() {
    let _ = node!(|x: u64| x + 1);
}

// Instead:
// let _ = map(&annotated(ty::<u64>()), |x| x + 1);
