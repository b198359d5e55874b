//! Where the errors stand: what holds on every compiler, however it words the rest.
//!
//! The recorded texts are read; on a compiler that they were not recorded with (or with `STAGEKIT_SPANS=1`) every case is
//! compiled, and its errors have to stand where the recorded ones do, and begin with the same words where they are ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::recorded_here;

/// What has to be several errors (the last is of the value and of the node), and what is about the whole macro.
const SEVERAL: [(&str, usize); 4] = [
    ("edge/01_two_wrong_edges", 2),
    ("edge/17_three_wrong_branches", 3),
    ("edge/71_three_mistakes", 3),
    ("node/71_live_without_stage", 2),
];
const WHOLE: [&str; 4] = [
    "attr/78_picture_of_nothing",
    "node/43_dropped_pipeline",
    "node/95_pipeline_with_states",
    "parse/20_empty_pipeline",
];

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mistake {
    line: usize,
    column: usize,
    /// The first line; empty where it is the compiler's own.
    text: String,
}

impl Mistake {
    fn new(line: usize, column: usize, code: &str, text: &str) -> Self {
        // Our texts have no code, or that of a trait that is not implemented.
        let ours = code.is_empty() || code == "E0277" && !text.contains("the trait bound");
        Mistake { line, column, text: if ours { text.into() } else { String::new() } }
    }
}

/// The cases: `kind/name`, and what is recorded.
fn cases() -> BTreeMap<String, String> {
    let mut cases = BTreeMap::new();
    for (kind, ..) in super::errors_page::KINDS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui").join(kind);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "stderr") {
                let name = format!("{kind}/{}", path.file_stem().unwrap().to_str().unwrap());
                cases.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(cases.len() > 100, "the tests would see nothing");
    cases
}

fn source(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("ui/{case}.rs"))
}

/// The errors of a recorded text. What does not stand in the case itself stands nowhere: at line 0.
fn recorded(case: &str, text: &str) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(rest) = line.strip_prefix("error") else { continue };
        let (code, text) = rest.split_once(": ").unwrap();
        let place = lines.next().and_then(|line| line.trim_start().strip_prefix("--> ")).unwrap_or_default();
        let place = place.strip_prefix(&format!("ui/{case}.rs:")).unwrap_or("0:0");
        let mut numbers = place.split(':').map(|number| number.parse().unwrap());
        let (line, column) = (numbers.next().unwrap(), numbers.next().unwrap());
        mistakes.push(Mistake::new(line, column, code.trim_matches(['[', ']']), text));
    }
    mistakes.sort();
    mistakes
}

#[test]
fn each_mistake_is_one_error_on_its_own_token() {
    let mut wrong = Vec::new();
    for (case, text) in cases() {
        let mistakes = recorded(&case, &text);
        let expected = SEVERAL.iter().find(|(name, _)| *name == case).map_or(1, |(_, errors)| *errors);
        if mistakes.len() != expected {
            wrong.push(format!("{case}: {} errors instead of {expected}", mistakes.len()));
        }
        let source = std::fs::read_to_string(source(&case)).unwrap();
        for Mistake { line, column, .. } in mistakes {
            let token = line.checked_sub(1).and_then(|line| source.lines().nth(line)?.get(column - 1..));
            let Some(token) = token else {
                wrong.push(format!("{case}: an error stands elsewhere"));
                continue;
            };
            let attribute = ["#[producer", "#[consumer", "#[stage"].iter().any(|word| token.starts_with(word));
            if (attribute || token.starts_with("pipeline!")) && !WHOLE.contains(&case.as_str()) {
                wrong.push(format!("{case}:{line}:{column}: an error is about all of `{token}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn errors_stand_where_they_were_recorded() {
    if recorded_here() && std::env::var_os("STAGEKIT_SPANS").is_none() {
        // `compile_errors` compares them to the letter.
        return;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let (cases, root) = (cases(), target.join("tmp/spans"));
    let _ = std::fs::remove_dir_all(root.join("src"));
    std::fs::create_dir_all(root.join("src/bin")).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = format!(
        "[package]\nname = \"spans\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         tests = {{ path = {:?} }}\nstagekit = {{ path = {:?} }}\ntokio = {{ version = \"1\", features = [\"full\"] }}\n\
         futures = \"0.3\"\n",
        own,
        own.join("../stagekit")
    );
    std::fs::write(root.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(own.join("../Cargo.lock"), root.join("Cargo.lock")).unwrap();
    for case in cases.keys() {
        std::fs::copy(source(case), root.join(format!("src/bin/{}.rs", case.replace('/', "-")))).unwrap();
    }
    let output = Command::new(env!("CARGO"))
        .args(["check", "--bins", "--keep-going", "--message-format=json"])
        .current_dir(&root)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let mut found: BTreeMap<String, Vec<Mistake>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let error = &message["message"];
        if message["reason"] != "compiler-message" || error["level"] != "error" {
            continue;
        }
        let spans = error["spans"].as_array().cloned().unwrap_or_default();
        let Some(span) = spans.iter().find(|span| span["is_primary"] == true) else { continue };
        let number = |name: &str| span[name].as_u64().unwrap_or_default() as usize;
        let here = span["file_name"].as_str().is_some_and(|file| file.starts_with("src/bin/"));
        let (line, column) = if here { (number("line_start"), number("column_start")) } else { (0, 0) };
        let text = error["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
        // The name of a lint is no code.
        let code = error["code"]["code"].as_str().filter(|code| code.starts_with("E0")).unwrap_or_default();
        let mistake = Mistake::new(line, column, code, text);
        let case = message["target"]["name"].as_str().unwrap_or_default().replacen('-', "/", 1);
        found.entry(case).or_default().push(mistake);
    }
    let mut wrong = Vec::new();
    for (case, text) in &cases {
        let mut found = found.remove(case).unwrap_or_default();
        // What it says twice it shows once.
        found.sort();
        found.dedup();
        let recorded = recorded(case, text);
        if found != recorded {
            wrong.push(format!("{case}: {found:?} instead of {recorded:?}"));
        }
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(wrong.is_empty(), "\n{}\n{:.2000}", wrong.join("\n"), said);
}
