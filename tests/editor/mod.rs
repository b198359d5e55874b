//! What an editor makes of the language: rust-analyzer is asked about a small crate, and about half-typed lines of it.
//!
//! A `*` marks what depends on types: without the sources of the standard library the server knows none.

mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use server::Server;

const MANIFEST: &str = r#"[package]
name = "fixture"
version = "0.0.0"
edition = "2024"

[dependencies]
stagekit = { path = "$STAGEKIT" }

[workspace]

# As in the workspace, so that what is built there is not built again.
[profile.dev]
debug = "line-tables-only"
[profile.dev.package."*"]
opt-level = 1
debug = false
[profile.dev.package.stagekit-macros]
opt-level = 0
debug = "line-tables-only"
"#;

/// Writes the crate; gives its folder.
fn fixture(target: &Path) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let root = target.join("tmp/editor");
    std::fs::create_dir_all(root.join("src")).unwrap();
    let manifest = MANIFEST.replace("$STAGEKIT", &workspace.join("stagekit").display().to_string());
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("src/main.rs", include_str!("fixture/main.rs")),
        ("src/stages.rs", include_str!("fixture/stages.rs")),
        ("src/typing.rs", ""),
    ];
    for (file, text) in files {
        std::fs::write(root.join(file), text).unwrap();
    }
    std::fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
    root
}

/// The sources of the standard library: of this toolchain, whose compile errors would be others then, or of another one
/// beside it.
fn sources(sysroot: &Path) -> Option<PathBuf> {
    let beside = std::fs::read_dir(sysroot.parent()?).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let sources =
        std::iter::once(sysroot.to_owned()).chain(beside).map(|root| root.join("lib/rustlib/src/rust/library"));
    let found = sources.into_iter().find(|sources| sources.join("core/src/lib.rs").exists());
    if found.is_none() {
        eprintln!("SKIPPED: what depends on types, as no toolchain here has the component `rust-src`");
    }
    found
}

/// What is not as it should be, all of it.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn check(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.0.push(what());
        }
    }
}

#[test]
fn an_editor_finds_its_way() {
    let version = Command::new("rust-analyzer").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: there is no `rust-analyzer` to ask (`rustup component add rust-analyzer`)");
        return;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let sysroot = crate::answer(&crate::rustc(), &["--print", "sysroot"]);
    let sysroot = Path::new(sysroot.trim());
    let sources = sources(sysroot);
    let mut server = Server::start(&fixture(target), target, sysroot, sources.as_deref());
    server.write("stages.rs", include_str!("fixture/stages.rs"));
    server.write("main.rs", include_str!("fixture/main.rs"));
    server.write("typing.rs", "");
    let mut findings = Findings::default();
    definitions(&mut server, &mut findings, sources.is_some());
    documentation(&mut server, &mut findings, sources.is_some());
    renaming(&mut server, &mut findings, sources.is_some());
    completion(&mut server, &mut findings, sources.is_some());
    assert!(findings.0.is_empty(), "\n{}\n", findings.0.join("\n"));
}

/// Without its `*`; `None` where types are not known.
fn asked(marked: &str, typed: bool) -> Option<&str> {
    match marked.strip_prefix('*') {
        Some(marked) => typed.then_some(marked),
        None => Some(marked),
    }
}

/// Each name leads to one place.
fn definitions(server: &mut Server, findings: &mut Findings, typed: bool) {
    let cases = [
        ("▮first => checked", "main.rs let first"),
        ("let first = ▮orders(3)", "stages.rs fn orders"),
        ("=> ▮checked else", "stages.rs fn checked"),
        ("else ▮quarantine", "stages.rs fn quarantine"),
        ("▮priced.workers", "stages.rs fn priced"),
        ("-> ▮local", "main.rs fn local"),
        ("[▮print, totals]", "stages.rs fn print"),
        ("[print, ▮totals]", "main.rs let totals"),
        ("=> ▮totals.max_demand", "main.rs let totals"),
        ("*finished.▮totals", "main.rs let totals"),
        ("let totals = ▮save(0)", "stages.rs fn save"),
        ("stages::▮orders(2)", "stages.rs fn orders"),
        ("stages::▮priced.name", "stages.rs fn priced"),
        (", ▮many]", "main.rs fn many"),
        ("|seen| ▮seen", "main.rs |seen"),
        ("priced.▮workers(2)", "node.rs fn workers"),
        (".workers(2).▮max_demand(9)", "node.rs fn max_demand"),
        ("stages::orders(2).▮name(", "node.rs fn name"),
        ("totals.▮max_demand(5)", "options.rs fn max_demand"),
        ("#[consumer(▮batch(10", "lib.rs mod batch"),
        ("▮local(Order", "main.rs fn local"),
    ];
    for (marked, to) in cases {
        let Some(marked) = asked(marked, typed) else { continue };
        let found = server.definitions("main.rs", marked);
        let (file, text) = to.split_once(' ').unwrap();
        let word = text.split([' ', '|']).next_back().unwrap();
        let right = match found.as_slice() {
            [one] => one.starts_with(file) && one.ends_with(&format!(" {word}")) && declares(file, one, text),
            _ => false,
        };
        findings.check(right, || format!("`{marked}` leads to {found:?} instead of `{text}` in {file}"));
    }
}

/// The line of `place` (`file:line word`) has this text, for the files of the fixture.
fn declares(file: &str, place: &str, text: &str) -> bool {
    let source = match file {
        "main.rs" => include_str!("fixture/main.rs"),
        "stages.rs" => include_str!("fixture/stages.rs"),
        _ => return true,
    };
    let line = place.split([':', ' ']).nth(1).and_then(|line| line.parse::<usize>().ok());
    line.and_then(|line| source.lines().nth(line - 1)).is_some_and(|line| line.contains(text))
}

/// The user's own words.
fn documentation(server: &mut Server, findings: &mut Findings, typed: bool) {
    let cases = [
        ("let first = ▮orders(3)", "All that is ordered."),
        ("=> ▮checked else", "Looks at an order twice."),
        ("else ▮quarantine", "Takes what was refused."),
        ("▮priced.workers", "Awaits the price."),
        ("-> ▮local", "Adds nothing."),
        ("[▮print, totals]", "Shows orders."),
        ("*|seen| ▮seen", "seen: Order"),
        ("priced.▮workers(2)", "instances share the work"),
        ("#[consumer(▮batch(10", "batch(size, every)"),
    ];
    for (marked, text) in cases {
        let Some(marked) = asked(marked, typed) else { continue };
        let found = server.hover("main.rs", marked);
        findings.check(found.contains(text), || format!("`{marked}` shows {found:?} instead of {text:?}"));
    }
}

/// One name, wherever it stands.
fn renaming(server: &mut Server, findings: &mut Findings, typed: bool) {
    let cases: [(&str, &str, &[&str]); 5] = [
        ("main.rs", "fn ▮local", &["fn local", "-> local", "_: local", "local(Order"]),
        ("stages.rs", "fn ▮priced", &["fn priced", "=> priced.", "stages::priced."]),
        ("stages.rs", "fn ▮orders", &["fn orders", "= orders(3)", "stages::orders(2)"]),
        ("main.rs", "*let ▮totals", &["let totals", ", totals]", "=> totals.", "finished.totals"]),
        ("main.rs", "*finished.▮totals", &["let totals", ", totals]", "=> totals.", "finished.totals"]),
    ];
    for (file, marked, uses) in cases {
        let Some(marked) = asked(marked, typed) else { continue };
        let found = server.rename(file, marked);
        let place = |text: &&str| {
            let all = [("main.rs", include_str!("fixture/main.rs")), ("stages.rs", include_str!("fixture/stages.rs"))];
            let (file, line) = all
                .iter()
                .find_map(|(file, source)| Some((file, source.lines().position(|line| line.contains(*text))?)))
                .unwrap_or_else(|| panic!("`{text}` is nowhere"));
            let word = marked.split('▮').nth(1).unwrap();
            format!("{file}:{} {word}", line + 1)
        };
        let mut expected: Vec<String> = uses.iter().map(place).collect();
        expected.sort();
        findings.check(found == expected, || format!("`{marked}` renames {found:?} instead of {expected:?}"));
    }
}

/// Half-typed lines.
fn completion(server: &mut Server, findings: &mut Findings, typed: bool) {
    let mut complete = |text: String, marked: &str, offered: &[&str]| {
        server.write("typing.rs", &text.replace('▮', ""));
        let found = server.completions("typing.rs", &text);
        for name in offered {
            findings.check(found.iter().any(|label| label == name), || {
                format!("`{marked}` does not offer `{name}`, but {} others: {:.200}", found.len(), format!("{found:?}"))
            });
        }
    };
    let graphs: [(&str, &[&str]); 21] = [
        ("▮", &["orders", "stages"]),
        ("ord▮", &["orders"]),
        ("orders(3) => pri▮", &["priced", "print"]),
        ("orders(3) => ▮", &["priced", "print"]),
        ("orders(3) => ▮ => save(0)", &["priced", "checked"]),
        ("orders(3) -> ▮ => save(0)", &["priced", "checked"]),
        ("orders(3) => [print, sa▮]", &["save"]),
        ("orders(3) => [▮]", &["save"]),
        ("stages::ord▮", &["orders"]),
        ("stages::▮ => print", &["orders"]),
        ("orders(3) => checked else quar▮", &["quarantine"]),
        ("let totals = sa▮", &["save"]),
        ("orders(3) => print; ord▮", &["orders"]),
        ("*orders(3) => |x| x.▮ => print", &["price", "doubled"]),
        ("*orders(3) => |x| x.pri▮", &["price"]),
        ("*orders(3) => filter |x| x.dou▮ => print", &["doubled"]),
        ("*orders(3) => by |x| x.pri▮ [print]", &["price"]),
        ("orders(3) => priced.wor▮", &["workers"]),
        ("orders(3) => priced.▮ => print", &["workers", "max_demand", "name"]),
        ("let totals = save(0); orders(3) => totals.▮", &["max_demand"]),
        ("orders(cou▮) => print", &["stages"]),
    ];
    for (marked, offered) in graphs {
        let Some(marked) = asked(marked, typed) else { continue };
        let text = format!(
            "use stagekit::prelude::*;\nuse crate::stages::{{self, *}};\nasync fn run() {{\n    let done = pipeline! {{ {marked} }};\n}}\n"
        );
        complete(text, marked, offered);
    }
    let run = "use stagekit::prelude::*;\nuse crate::stages::*;\nasync fn run() {\n    \
               let finished = pipeline! { let totals = save(0); orders(3) => totals }.run().await.unwrap();\n    finished.▮;\n}\n";
    if let Some(marked) = asked("*finished.▮", typed) {
        complete(run.into(), marked, &["totals", "stages", "elapsed"]);
    }
    let attributes: [(&str, &[&str]); 4] = [
        ("ba▮", &["batch", "one", "maybe", "many", "try", "as"]),
        ("one, cr▮", &["batch"]),
        ("batch(10, Dur▮)", &["Duration"]),
        ("m▮, one", &["maybe", "many"]),
    ];
    for (marked, offered) in attributes {
        let text = format!(
            "use stagekit::prelude::*;\nstruct Duration;\n#[consumer({marked})]\nfn take(batch: Vec<u64>) {{}}\n"
        );
        complete(text, marked, offered);
    }
    let stage =
        "use stagekit::prelude::*;\nstruct Count;\n#[stage(na▮)]\nimpl Count { fn on_event(&mut self, x: u64) {} }\n";
    complete(stage.into(), "#[stage(na▮)]", &["name", "takes", "emits"]);
}
