//! Stands where `stagekit/src/fuzz.rs` stands there: the model checker decides what runs when.

pub(crate) fn split(_: usize) -> Option<usize> {
    None
}

pub(crate) fn now_and_then() -> bool {
    false
}

pub(crate) fn limits(max: usize, min: usize) -> (usize, usize) {
    (max, min)
}
