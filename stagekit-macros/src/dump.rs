//! `STAGEKIT_DUMP`: what the macros expand to, as files to be read.
//!
//! `STAGEKIT_DUMP=1` writes them to `target/stagekit`, one for each macro, named by the file and line it stands in; a path
//! writes them there, and `STAGEKIT_DUMP=stderr` to where the compiler writes. It says where they went.

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};

use crate::pretty;

/// Hands the expansion through, and writes it if the environment asks for that.
pub(crate) fn dumped(name: &str, expansion: TokenStream) -> TokenStream {
    if let Some(wish) = std::env::var_os("STAGEKIT_DUMP").filter(|wish| !wish.is_empty() && wish != "0") {
        let at = Span::call_site().unwrap();
        let place = Place { file: at.file(), line: at.start().line(), column: at.start().column() };
        let text = text(name, &place, expansion.clone());
        if wish == "stderr" {
            eprint!("{text}");
            return expansion;
        }
        let folder = if wish == "1" { usual() } else { PathBuf::from(wish) };
        match write(&folder, name, &place, &text) {
            Ok(file) => eprintln!("stagekit: `{name}` of {}:{} is in {}", place.file, place.line, file.display()),
            Err(error) => eprintln!("stagekit: STAGEKIT_DUMP cannot write to {}: {error}", folder.display()),
        }
    }
    expansion
}

struct Place {
    file: String,
    line: usize,
    column: usize,
}

fn text(name: &str, place: &Place, expansion: TokenStream) -> String {
    let Place { file, line, .. } = place;
    let body = pretty::quiet(expansion, true);
    format!(
        "// `{name}` of {file}:{line}, expanded. Functions without a path are those of `stagekit::builder`.\n{body}"
    )
}

fn write(folder: &Path, name: &str, place: &Place, text: &str) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let source = place.file.trim_end_matches(".rs");
    let source: String = source.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let source = source.trim_matches('-');
    let name = name.trim_matches(|c: char| !c.is_alphanumeric());
    let file = folder.join(format!("{source}-{}-{}-{name}.rs", place.line, place.column));
    std::fs::write(&file, text)?;
    Ok(file)
}

/// `target/stagekit`, wherever this build has its `target`.
fn usual() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from).or_else(|| {
        let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
        package.ancestors().map(|folder| folder.join("target")).find(|target| target.is_dir())
    });
    target.unwrap_or_else(|| "target".into()).join("stagekit")
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn a_file_is_named_by_where_the_macro_stands() {
        let folder = std::env::temp_dir().join(format!("stagekit-dump-{}", std::process::id()));
        let place = Place { file: "src/bin/my app.rs".into(), line: 7, column: 13 };
        let graph = TokenStream::from_str("numbers => |n| n + 1 => save").unwrap();
        let text = text("pipeline!", &place, crate::pipeline::expand(graph));
        let file = write(&folder, "pipeline!", &place, &text).unwrap();
        assert_eq!(file.file_name().unwrap(), "src-bin-my-app-7-13-pipeline.rs");
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(written.starts_with("// `pipeline!` of src/bin/my app.rs:7, expanded."), "{written}");
        for line in [
            "    let __p1 = start(at(<numbers>::__stage()));",
            "    let __p2 = link(at(&__p1_port), at(map(at(&__p1_port), move |n| n + 1)));",
            "    runnable(drawn([close(__p1), close(__p2), close(__p3)], __drawing))",
        ] {
            assert!(written.lines().any(|found| found == line), "{line}\n{written}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
