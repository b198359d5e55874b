//! Compile errors: one mistake for each file of `ui`, and beside it what the user sees.
//!
//! The numbers of the files are the rows of the table of mistakes. The texts depend on the compiler, so they are
//! compared on the one they were recorded with, and elsewhere only by their place (`spans`); `TRYBUILD=overwrite`
//! records them anew: read each before keeping it.
//! A new case starts from a neighbour with a mistake of its kind, and ends with what to write instead: that is compiled,
//! and shown on the page "Errors" of the documentation, which `TRYBUILD=overwrite` writes too.

mod editor;
mod errors_page;
mod spans;

use std::path::Path;
use std::process::Command;

/// The compiler whose texts are recorded, without the component `rust-src`: with it, notes quote the standard library.
const RECORDED: &str = "rustc 1.95.0";

fn answer(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

fn rustc() -> String {
    std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into())
}

/// This is the compiler, and it is without the sources.
fn recorded_here() -> bool {
    let rustc = rustc();
    let version = answer(&rustc, &["--version"]);
    let sysroot = answer(&rustc, &["--print", "sysroot"]);
    let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core/src/lib.rs");
    if !version.starts_with(RECORDED) {
        eprintln!("SKIPPED: the compile errors were recorded with {RECORDED}, this is {version}");
    } else if sources.exists() {
        eprintln!("SKIPPED: the compile errors were recorded without the component `rust-src`");
    } else {
        return true;
    }
    false
}

#[test]
fn compile_errors() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    if recorded_here() {
        for (kind, ..) in errors_page::KINDS {
            cases.compile_fail(format!("ui/{kind}/*.rs"));
        }
    }
}

/// What is said to be right compiles, all of it at once.
#[test]
fn what_to_write_instead() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("instead.rs");
    std::fs::write(&program, errors_page::mended()).unwrap();
    trybuild::TestCases::new().pass(program);
    assert_eq!(errors_page::without_remedy(), [""; 0], "end the file with `// Instead:` and what to write");
}

#[test]
fn the_page_of_errors_is_true() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stagekit/src/guide/errors.md");
    let page = errors_page::page();
    if std::env::var_os("TRYBUILD").is_some_and(|it| it == "overwrite") {
        std::fs::write(&file, &page).unwrap();
    }
    let recorded = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        recorded == page,
        "the page of errors is another now: TRYBUILD=overwrite cargo test -p tests --test ui the_page"
    );
}
