//! Expansions as text, to be read and compared: one line for each statement.
//!
//! They are rewritten by `UPDATE_SNAPSHOTS=1 cargo test -p stagekit-macros`; read the difference.

use std::path::Path;

use proc_macro2::TokenStream;

use crate::pretty;

/// Compares with what is recorded in the file, whose path begins at `src`.
#[track_caller]
pub(crate) fn compare(file: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, written).expect("the snapshot can be written");
        return;
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(recorded, written, "{file}: if that is right, UPDATE_SNAPSHOTS=1");
}

/// Without the path and the attributes that every line has, and without the room that a mistake gets, and without the drawing, whose test is in `draw`.
pub(crate) fn flat(expansion: TokenStream) -> String {
    let text = pretty::quiet(expansion, false);
    let ours = |line: &&str| {
        !line.contains("GoesOn as _") && !line.contains("let __drawing =") && !line.contains("primitive::str = \"....")
    };
    let text = text.replace("my::kit::__private::drawn([", "[").replace("drawn([", "[").replace("], __drawing)", "]");
    text.lines().filter(ours).flat_map(|line| [line, "\n"]).collect()
}

/// With the items in items on lines of their own.
pub(crate) fn nested(expansion: TokenStream) -> String {
    pretty::quiet(expansion, true)
}
