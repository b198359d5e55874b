//! The house has floors: a file of `stagekit` imports only from its own floor or a lower one.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each row is a floor, bottom first; a module stands for everything in its folder.
const FLOORS: [&[&str]; 7] = [
    &["demand", "options", "receipt", "telemetry", "error", "hash"],
    &["emitter", "outbox", "op", "producer", "checks"],
    &["quota", "buffer", "intensity", "dispatcher"],
    &["subscription", "port", "slot", "run", "wrap", "node", "closure"],
    &["stage"],
    &["builder", "pipeline", "stream", "memory", "signal"],
    &["prelude", "lib"],
];

#[test]
fn every_file_stands_on_a_floor() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stagekit/src");
    let known: HashMap<&str, usize> = FLOORS
        .iter()
        .enumerate()
        .flat_map(|(floor, modules)| modules.iter().map(move |module| (*module, floor)))
        .collect();
    let mut files = Vec::new();
    collect(&source, &mut files);
    assert!(files.len() > 30, "the test would see nothing: {files:?}");
    for file in files {
        let relative = file.strip_prefix(&source).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        assert!(known.contains_key(&*module), "`{module}` has no floor: add it to FLOORS where it belongs");
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
