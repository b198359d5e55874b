//! Kills the `news` example at twenty moments and expects that nobody can tell afterwards.
//!
//! The law it proves: a run that is killed and then run again leaves the same site and the same rows as a run that was
//! left alone, provided that the clock is fixed. The program is the one that `cargo test` has built beside this test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::types::Value;

const KILLS: u32 = 20;
const CRATES: usize = 60;
const CLOCK: &str = "1767225600";

/// A file's name below the site and its bytes.
type Files = BTreeMap<String, Vec<u8>>;
/// A table's name and its rows in the order of their keys.
type Rows = BTreeMap<&'static str, Vec<Vec<Value>>>;

#[test]
fn a_killed_run_and_another_equal_one_undisturbed_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("registry");
    make_registry(&registry);
    let program = program();

    // The shorter of two runs is the one that the machine disturbed less.
    let undisturbed = folder.path().join("undisturbed");
    let duration = ["first", "undisturbed"].map(|name| {
        let started = Instant::now();
        run_to_the_end(&program, &registry, &folder.path().join(name));
        started.elapsed()
    });
    let duration = duration[0].min(duration[1]);
    let (files, rows) = (files_of(&undisturbed), rows_of(&undisturbed));
    let first = folder.path().join("first");
    assert_same_files(&files, &files_of(&first), "undisturbed twice");
    assert_eq!(rows, rows_of(&first), "undisturbed twice");
    let posts = rows["posts"].len();
    assert!(posts > 90, "the registry makes {posts} posts, too few to be killed among");
    assert_eq!(rows["dead_letters"].len(), 12);
    assert_eq!(files.len(), posts * 3 + 4);

    let mut killed = 0;
    let mut killed_among_posts = 0;
    let mut random = 0x5ee_d0f_u64;
    for turn in 0..KILLS {
        // One moment in each twentieth of the duration, somewhere within it.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let within = f64::from(u32::try_from(random >> 32).expect("32 bits")) / f64::from(u32::MAX);
        let delay = duration.mul_f64((f64::from(turn) + within) / f64::from(KILLS));

        let out = folder.path().join(format!("killed-{turn}"));
        let mut child = start(&program, &registry, &out);
        sleep(delay);
        let is_running = child.try_wait().expect("a state").is_none();
        child.kill().expect("killed");
        child.wait().expect("ended");
        let written = fs::read_dir(out.join("posts")).map_or(0, Iterator::count);
        killed += u32::from(is_running);
        killed_among_posts += u32::from(is_running && written > 0 && written < posts * 3);

        run_to_the_end(&program, &registry, &out);
        let moment = format!("killed after {delay:?} of {duration:?} with {written} files written");
        assert_same_files(&files, &files_of(&out), &moment);
        assert_eq!(rows, rows_of(&out), "{moment}");
        fs::remove_dir_all(&out).expect("removed");
    }
    println!(
        "{killed} of {KILLS} runs were killed, {killed_among_posts} of them among their posts; one run takes {duration:?}"
    );
    assert!(killed >= KILLS / 2, "only {killed} of {KILLS} runs were killed before they ended");
    assert!(killed_among_posts >= KILLS / 4, "only {killed_among_posts} runs were killed among their posts");

    // Running again where nothing is new changes nothing either.
    run_to_the_end(&program, &registry, &undisturbed);
    assert_same_files(&files, &files_of(&undisturbed), "run twice");
    assert_eq!(rows, rows_of(&undisturbed), "run twice");
}

/// Where cargo has put the example: `examples/news`, beside the folder `deps` that this test lies in. It is built for
/// `cargo test` and `cargo test --tests --examples`, but not for this test alone, so an old one is refused.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.parent().and_then(Path::parent).expect("the folder of the profile");
    let program = profile.join("examples").join("news").with_extension(std::env::consts::EXE_EXTENSION);
    let advice = "build it: cargo build --example news (with --release for a release test)";
    let changed = |path: &Path| fs::metadata(path).and_then(|found| found.modified());
    let built = changed(&program).unwrap_or_else(|error| panic!("{}: {error}; {advice}", program.display()));
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("news");
    for source in walkdir::WalkDir::new(sources) {
        let source = source.expect("a source").into_path();
        let is_code = source.extension().is_some_and(|extension| extension == "rs");
        let is_older = !is_code || changed(&source).expect("a time") <= built;
        assert!(is_older, "{} is newer than the program; {advice}", source.display());
    }
    program
}

fn start(program: &Path, registry: &Path, out: &Path) -> Child {
    let mut command = Command::new(program);
    command.arg(registry).arg("--out").arg(out).env("SOURCE_DATE_EPOCH", CLOCK);
    command.stdout(Stdio::null()).spawn().expect("started")
}

fn run_to_the_end(program: &Path, registry: &Path, out: &Path) {
    assert!(start(program, registry, out).wait().expect("ended").success());
}

/// Sixty crates, some of them in two versions, twelve of them with a file that is no changelog.
fn make_registry(registry: &Path) {
    for n in 0..CRATES {
        let text = match n % 20 {
            3 => b"# 1.0.0\n\n- security \xff\xfe\n".to_vec(),
            7 => b" \n".to_vec(),
            11 => vec![b'-'; 1024 * 1024 + 1],
            17 => b"# Contributing\n\nSee the releases page.\n".to_vec(),
            _ => changelog(n).into_bytes(),
        };
        for version in ["1.2.0", "1.10.0"] {
            if version == "1.2.0" && n % 3 > 0 {
                continue;
            }
            let folder = registry.join("index").join(format!("demo-{n}-{version}"));
            fs::create_dir_all(&folder).expect("a folder");
            let name = ["CHANGELOG.md", "Changes", "RELEASES.md", "history.txt"][n % 4];
            fs::write(folder.join(name), &text).expect("a file");
        }
    }
}

fn changelog(n: usize) -> String {
    let mut text = String::from("# Changelog\n\n## [Unreleased]\n\n- security: not yet\n");
    for minor in (9..=10).rev() {
        let day = 1 + (n + minor) % 28;
        write!(
            text,
            "\n## [1.{minor}.0] - 2024-{minor:02}-{day:02}\n\n### Added\n\n- `part_{n}` is **faster** and 🦀, see [#{n}]\n\n\
             ### {}\n\n- number {minor} of crate {n}\n\n```rust\nlet x = {n};\n```\n",
            ["Security", "Deprecated", "Fixed"][minor % 3],
        )
        .expect("text");
    }
    write!(text, "\n[#{n}]: https://example.org/{n}\n").expect("text");
    text
}

/// The site without the database and without the lines that are about one run.
fn files_of(site: &Path) -> Files {
    let mut files = Files::new();
    for folder in ["", "posts"] {
        for entry in fs::read_dir(site.join(folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a name");
            if entry.path().is_dir() || name.starts_with("news.db") || name == ".lock" {
                continue;
            }
            let mut content = fs::read(entry.path()).expect("a file");
            if name == "metrics.prom" {
                let text = String::from_utf8(content).expect("text");
                let lasting = text.lines().filter(|line| !line.starts_with("news_run_"));
                content = lasting.collect::<Vec<_>>().join("\n").into_bytes();
            }
            files.insert(format!("{folder}/{name}"), content);
        }
    }
    files
}

fn rows_of(site: &Path) -> Rows {
    let database = Connection::open(site.join("news.db")).expect("a database");
    let tables = ["posts", "files", "subjects", "dead_letters"];
    let rows = |table| {
        let mut query = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3")).expect("a table");
        let columns = query.column_count();
        let rows = query.query_map([], |row| (0..columns).map(|at| row.get(at)).collect());
        rows.expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    tables.map(|table| (table, rows(table))).into()
}

fn assert_same_files(expected: &Files, found: &Files, moment: &str) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(expected), names(found), "{moment}");
    for (name, content) in expected {
        assert!(found[name] == *content, "{name} differs: {moment}");
    }
}
