//! The house has floors: a file of `stagekit` imports only from what stands to its left on its own floor, or below.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each row is a floor, bottom first, each floor from left to right; a module stands for everything in its folder.
const FLOORS: [&[&str]; 6] = [
    &[
        "sync",
        "lock",
        "caught",
        "in_flight",
        "demand",
        "hash",
        "fuzz",
        "cancel",
        "meter",
        "telemetry",
        "error",
        "options",
        "picture",
        "topology",
        "subscribe",
        "receipt",
    ],
    &["batch", "emitter", "outbox", "op", "producer", "callbacks", "checks", "ring", "side"],
    &["quota", "tuner", "buffer", "intensity", "dispatcher"],
    &["inbox", "subscription", "host", "port", "slot", "run", "wrap", "node", "open", "closure", "outline"],
    &["signal", "stage"],
    &["pipeline", "stream", "builder", "dynamic", "memory", "live", "test", "tck", "genstage", "guide"],
];

#[test]
fn imports_run_down_the_house() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stagekit/src");
    let place: HashMap<&str, usize> =
        FLOORS.iter().copied().flatten().enumerate().map(|(at, name)| (*name, at)).collect();
    let mut files = Vec::new();
    collect(&source, &mut files);
    assert!(files.len() > 40, "the test would see nothing: {files:?}");
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&source).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        // The front door names everything; tests stand outside the house.
        if module == "lib" || matches!(file.file_name().unwrap().to_str(), Some("tests.rs" | "laws.rs")) {
            continue;
        }
        let own = *place.get(&*module).unwrap_or_else(|| panic!("`{module}` has no place: add it to FLOORS"));
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for import in line.split("crate::").skip(1) {
                let name: String = import.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if place.get(&*name).is_some_and(|&other| other > own) {
                    wrong.push(format!("{}: {}", relative.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that run up the house:\n{}", wrong.join("\n"));
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
