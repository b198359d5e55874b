//! Expansions as text, to be read and compared: one line for each statement.
//!
//! They are rewritten by `UPDATE_SNAPSHOTS=1 cargo test -p stagekit-macros`; read the difference.

use std::path::Path;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

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

/// Without the path and the attributes that every line has, and without the room that a mistake gets.
pub(crate) fn flat(expansion: TokenStream) -> String {
    let text = pretty(expansion, false);
    let import = |line: &&str| !line.contains("GoesOn as _") && !line.contains("primitive::str = \"....");
    text.lines().filter(import).flat_map(|line| [line, "\n"]).collect()
}

/// With the items in items on lines of their own.
pub(crate) fn nested(expansion: TokenStream) -> String {
    pretty(expansion, true)
}

fn pretty(expansion: TokenStream, deep: bool) -> String {
    let mut text = String::new();
    lines(expansion, 0, deep, &mut text);
    for noise in [
        "::stagekit::__private::",
        "#[allow(unused_parens, unused_braces)] ",
        "#[automatically_derived] #[allow(deprecated, unused_variables)] ",
        "#[allow(non_upper_case_globals, deprecated)] ",
    ] {
        text = text.replace(noise, "");
    }
    text
}

fn lines(block: TokenStream, depth: usize, deep: bool, text: &mut String) {
    let mut line: Vec<TokenTree> = Vec::new();
    let flush = |line: &mut Vec<TokenTree>, text: &mut String| {
        if !line.is_empty() {
            text.push_str(&"    ".repeat(depth));
            write(std::mem::take(line).into_iter().collect(), text);
            text.push('\n');
        }
    };
    for token in block {
        match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && line.is_empty() => {
                text.push_str(&format!("{}{{\n", "    ".repeat(depth)));
                lines(group.stream(), depth + 1, deep, text);
                text.push_str(&format!("{}}}\n", "    ".repeat(depth)));
            }
            TokenTree::Group(group) if deep && group.delimiter() == Delimiter::Brace && opens(&line) => {
                text.push_str(&"    ".repeat(depth));
                write(std::mem::take(&mut line).into_iter().collect(), text);
                if group.stream().is_empty() {
                    text.push_str(" {}\n");
                    continue;
                }
                text.push_str(" {\n");
                lines(group.stream(), depth + 1, deep, text);
                text.push_str(&format!("{}}}\n", "    ".repeat(depth)));
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let item = matches!(&line[0], TokenTree::Ident(word) if word == "impl")
                    || matches!(&line[0], TokenTree::Punct(punct) if punct.as_char() == '#')
                        && line.iter().any(|token| token.to_string() == "struct");
                line.push(token);
                if item {
                    flush(&mut line, text);
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' && line.is_empty() && text.ends_with("}\n") => {
                text.insert(text.len() - 1, ';');
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                line.push(token);
                flush(&mut line, text);
            }
            _ => line.push(token),
        }
    }
    flush(&mut line, text);
}

/// What follows is the body of an item, of a loop, of a `match`.
fn opens(line: &[TokenTree]) -> bool {
    let words: Vec<String> = line.iter().map(ToString::to_string).collect();
    let begins = ["for", "match", "async"].contains(&words[0].as_str());
    begins || words.iter().any(|word| word == "impl" || word == "fn") || words.join(" ").ends_with("const _ : () =")
}

fn write(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        let arrow = text.ends_with("->") || text.ends_with("=>");
        let keyword = ["impl", "mut", "let", "return", "where"].iter().any(|word| text.ends_with(word));
        let path =
            matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
        if arrow || keyword && path {
            text.push(' ');
        }
        match &token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                let glued = text
                    .ends_with(|end: char| "(&.#".contains(end) || end.is_alphanumeric() || end == '_' || end == '>');
                if group.delimiter() == Delimiter::Brace && !text.ends_with([' ', '(', '\n'])
                    || !glued && !text.ends_with([' ', '['])
                {
                    text.push(' ');
                }
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => {
                let sign = punct.as_char();
                let joined = text.ends_with(|end: char| end.is_ascii_punctuation() && !")]}_\"".contains(end));
                if "=+-*|>".contains(sign) && !joined && !text.ends_with([' ', '(']) && sign != '>' {
                    text.push(' ');
                }
                text.push(sign);
                let colon = sign == ':' && !text.ends_with("::");
                if punct.spacing() == Spacing::Alone && ("=,+-*;".contains(sign) || colon) {
                    text.push(' ');
                }
            }
            _ => {
                let word = token.to_string();
                if text.ends_with(|end: char| end.is_alphanumeric() || "_)]}|".contains(end)) {
                    text.push(' ');
                }
                text.push_str(&word);
            }
        }
    }
    while text.ends_with(' ') {
        text.pop();
    }
}
