use stagekit::builder::node;

fn main() {
    let _ = node!(|x: u64| x + 1);
}
