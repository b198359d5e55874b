//! The page "Errors" of the documentation: every mistake of `ui`, the text the user sees, and what to write instead.
//!
//! It is made of the files themselves, and so is a crate of everything that is said to be right, which must compile. A
//! file says it in the comment at its end: the lines that stand in the place of the mistaken one, or of those it names.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The chapters: the folder, its title, and what it is about.
pub(crate) const KINDS: [(&str, &str, &str); 5] = [
    ("parse", "The grammar", "What does not read as a graph. The rest of the text is read all the same, and checked."),
    (
        "graph",
        "The graph",
        "What reads well and cannot work, whatever the stages are; and options that say nothing there.",
    ),
    ("edge", "Types along the edges", "What two stages say of the same event, by name."),
    ("node", "A stage in its place", "Names, arguments, options and values."),
    (
        "attr",
        "Attributes",
        "What is written at a function or an `impl`. A stage with a mistake can be used all the same: it is told once.",
    ),
];

const HEAD: &str = "Each mistake, what the compiler says, and what to write instead. Every text is checked by the tests, with rustc 1.95; \
what is written instead is compiled.\n\n\
The stages: `counter(range)` emits `u64`, `words` emits `String`, `orders` an `Order`, `happenings` a `Happening` \
(`Ordered(Order)`, `Logged(String, bool)`, `Counted(u64)`, `Idle`); `double` and `square` make a `u64` of a \
`u64`, `show` a `String` of it, `shout` a `String` of a `String`, `parse` a `u64` of a `String` or fails with `NotANumber`, `total` \
takes batches; `save`, `print` and `sum(state)` take a `u64`, `alarm` a `String`, `quarantine` a `NotANumber`, `ship` an `Order`.\n\n\
Where the compiler goes on about its traits the text ends with `…`.\n";

/// One mistake.
struct Case {
    kind: &'static str,
    name: String,
    source: Vec<String>,
    error: String,
    instead: Option<Instead>,
}

struct Instead {
    first: usize,
    last: usize,
    lines: Vec<String>,
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (kind, ..) in KINDS {
        let folder = fs::read_dir(home().join("ui").join(kind)).expect("the folder of the mistakes");
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
        files.sort();
        all.extend(files.iter().map(|file| case(kind, file)));
    }
    all
}

fn case(kind: &'static str, file: &Path) -> Case {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(file).unwrap();
    let error = fs::read_to_string(file.with_extension("stderr")).unwrap_or_default();
    let (source, remedy) = match text.split_once("\n// Instead") {
        Some((source, remedy)) => (source, Some(remedy)),
        None => (&*text, None),
    };
    let source: Vec<String> = source.trim_end().lines().map(String::from).collect();
    let instead = remedy.map(|remedy| instead(remedy, &error, &name));
    Case { kind, name, source, error, instead }
}

/// `// Instead:`, `// Instead of line 3:` or `// Instead of lines 3 to 5:`, and the lines.
fn instead(remedy: &str, error: &str, name: &str) -> Instead {
    let (place, lines) = remedy.split_once('\n').unwrap_or((remedy, ""));
    let mut numbers = place.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok());
    let told = error.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
    let told = told.and_then(|place| place.rsplit(':').nth(1)?.parse().ok());
    let first: usize = numbers.next().or(told).unwrap_or_else(|| panic!("{name}: `Instead` of which line?"));
    let last = numbers.next().unwrap_or(first);
    let lines = lines.lines().map(|line| {
        let text = line.strip_prefix("//").unwrap_or_else(|| panic!("{name}: `Instead` stands at the end of the file"));
        text.strip_prefix("     ").unwrap_or_default().to_owned()
    });
    Instead { first, last, lines: lines.collect() }
}

impl Case {
    /// `22_missing_arrow`: "Missing arrow"
    fn title(&self) -> String {
        let words = self.name.trim_start_matches(|c: char| c.is_ascii_digit()).replace('_', " ");
        let mut letters = words.trim().chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
    }

    /// The whole of the source, with the right lines for the wrong ones.
    fn mended(&self) -> Option<Vec<String>> {
        let instead = self.instead.as_ref()?;
        let wrong = &self.source[instead.first - 1];
        let indent = " ".repeat(wrong.len() - wrong.trim_start().len());
        let right =
            instead.lines.iter().map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") });
        let (before, behind) = (&self.source[..instead.first - 1], &self.source[instead.last..]);
        Some(before.iter().cloned().chain(right).chain(behind.iter().cloned()).collect())
    }

    fn write(&self, page: &mut String) {
        let _ = write!(page, "\n### {}\n\n```rust,ignore\n{}\n```\n", self.title(), essence(&self.source));
        let _ = write!(page, "\n```text\n{}\n```\n", told(&self.error));
        if let Some(instead) = &self.instead {
            let lines = instead.lines.join("\n");
            match lines.trim() {
                "" => page.push_str("\nInstead: leave one of them out.\n"),
                lines => _ = write!(page, "\nInstead:\n\n```rust,ignore\n{lines}\n```\n"),
            }
        }
    }
}

/// Without what is the same everywhere.
fn essence(source: &[String]) -> String {
    let noise = |line: &&String| {
        !(line.starts_with("use stagekit::prelude")
            || line.starts_with("use tests::")
            || *line == "fn main() {}"
            || line.starts_with("#!["))
    };
    let lines: Vec<&str> = source.iter().filter(noise).map(String::as_str).collect();
    let text = lines.join("\n");
    let text = text.trim();
    let alone = text.strip_prefix("fn main() {\n").and_then(|body| body.strip_suffix("\n}"));
    let body = match alone {
        Some(body) => body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect::<Vec<_>>().join("\n"),
        None => text.to_owned(),
    };
    match body.strip_prefix("let _ = pipeline!").and_then(|rest| rest.strip_suffix(';')) {
        Some(rest) if !rest.contains(";\n}") && rest.matches("pipeline!").count() == 0 => format!("pipeline!{rest}"),
        _ => body,
    }
}

/// What the compiler says of the mistake itself, without places and without what follows from its traits.
fn told(error: &str) -> String {
    let (mut text, mut shown, mut cut) = (String::new(), true, false);
    for line in error.lines() {
        let begins = line.starts_with(|c: char| c.is_ascii_alphabetic());
        let about_traits =
            ["required by a bound", "required for", "the trait `", "the following other types", "trait `"];
        if begins {
            shown = line.starts_with("error")
                || line.starts_with("warning")
                || !about_traits.iter().any(|word| line.contains(word));
        }
        let place = line.trim_start().starts_with("--> ");
        let note = !begins && line.trim_start().starts_with("= ") && line.contains("required for");
        match shown && !note {
            true if !place => _ = writeln!(text, "{line}"),
            true => {}
            false => cut = true,
        }
    }
    let text = text.trim_end().trim_end_matches('|').trim_end().to_owned();
    if cut { format!("{text}\n…") } else { text }
}

/// The page.
pub(crate) fn page() -> String {
    let (mut page, all) = (HEAD.to_owned(), cases());
    for (kind, title, about) in KINDS {
        let _ = write!(page, "\n## {title}\n\n{about}\n");
        all.iter().filter(|case| case.kind == kind).for_each(|case| case.write(&mut page));
    }
    page
}

/// A program of all that is said to be right, a module for each mistake.
pub(crate) fn mended() -> String {
    let mut program = String::from("#![allow(warnings)]\n\nfn main() {}\n");
    for case in cases() {
        if let Some(lines) = case.mended() {
            let _ = write!(program, "\nmod {}_{} {{\n{}\n}}\n", case.kind, case.name, lines.join("\n"));
        }
    }
    program
}

/// Mistakes of which nothing says what to write instead.
pub(crate) fn without_remedy() -> Vec<String> {
    let open = |case: &Case| case.instead.is_none();
    cases().iter().filter(|case| open(case)).map(|case| format!("{}/{}", case.kind, case.name)).collect()
}
