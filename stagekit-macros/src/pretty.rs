//! Tokens as text that a person can read: what `STAGEKIT_DUMP` writes, the texts in pictures, and the snapshots.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// The tokens of a block or of a file: a statement on each line, with `deep` also inside items, loops and `match`.
fn block(tokens: TokenStream, deep: bool) -> String {
    let mut text = String::new();
    lines(tokens, 0, deep, &mut text);
    text
}

/// As [`block`], without the path and the attributes that all lines of an expansion have.
pub(crate) fn quiet(expansion: TokenStream, deep: bool) -> String {
    let mut text = block(expansion, deep);
    for noise in [
        "::stagekit::__private::",
        "#[allow(unused_parens, unused_braces)] ",
        "#[automatically_derived] #[allow(deprecated, unused_variables)] ",
        "#[automatically_derived] #[allow(deprecated)] ",
        "#[allow(non_upper_case_globals, deprecated)] ",
    ] {
        text = text.replace(noise, "");
    }
    text
}

/// Tokens on one line.
pub(crate) fn line(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text);
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
    // Whether a closure's parameters are being written, how many `<` are open, whether a value stands before.
    let (mut bars, mut angles, mut value) = (false, 0_usize, false);
    // The parameters of an `impl` are being written.
    let mut of_impl = false;
    for token in tokens {
        let operand = std::mem::replace(&mut value, is_value(&token));
        let arrow = text.ends_with("->") || text.ends_with("=>");
        let keyword = KEYWORDS.iter().any(|word| ends_with_word(text, word));
        let path =
            matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
        if arrow || (keyword || text.ends_with('}')) && path {
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
                let parted = keyword && group.delimiter() == Delimiter::Parenthesis;
                let glued = !parted
                    && (bars && text.ends_with('|')
                        || text.ends_with(|end: char| {
                            "(&.#!<*-".contains(end) || end.is_alphanumeric() || end == '_' || end == '>'
                        }));
                if group.delimiter() == Delimiter::Brace && !text.ends_with([' ', '(', '<', '\n'])
                    || !glued && !text.ends_with([' ', '['])
                {
                    text.push(' ');
                }
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) if punct.as_char() == '|' && (bars || !operand) => {
                if !bars && text.ends_with(char::is_alphanumeric) {
                    text.push(' ');
                }
                text.push_str(if bars { "| " } else { "|" });
                bars = !bars;
            }
            TokenTree::Punct(punct) if punct.as_char() == '>' && angles == 0 && operand => {
                text.push_str(if punct.spacing() == Spacing::Alone { " > " } else { " >" });
            }
            TokenTree::Punct(punct) => {
                let sign = punct.as_char();
                // `-n`, `*n`: it belongs to what follows.
                if !operand && "*-".contains(sign) && punct.spacing() == Spacing::Alone && !text.ends_with('<') {
                    if text.ends_with(|end: char| end.is_alphanumeric()) {
                        text.push(' ');
                    }
                    text.push(sign);
                    continue;
                }
                match sign {
                    '<' => {
                        of_impl |= ends_with_word(text, "impl");
                        angles += 1;
                    }
                    '>' if !arrowhead(text) => {
                        angles = angles.saturating_sub(1);
                        if angles == 0 && std::mem::take(&mut of_impl) {
                            text.push_str("> ");
                            continue;
                        }
                    }
                    '#' if text.ends_with(']') => text.push(' '),
                    '+' if text.ends_with('>') => text.push(' '),
                    _ => {}
                }
                let joined = text.ends_with(|end: char| end.is_ascii_punctuation() && !")]}_\"".contains(end));
                let binary = operand && "%/^&".contains(sign);
                if (binary || "=+-*|>".contains(sign)) && !joined && !text.ends_with([' ', '(']) && sign != '>' {
                    text.push(' ');
                }
                text.push(sign);
                let colon = sign == ':' && !text.ends_with("::");
                if punct.spacing() == Spacing::Alone && (binary || "=,+-*;".contains(sign) || colon) {
                    text.push(' ');
                }
            }
            _ => {
                let word = token.to_string();
                if text.ends_with(|end: char| end.is_alphanumeric() || "_)]}|>".contains(end))
                    && !(bars && text.ends_with('|'))
                {
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

/// The words that a value can follow.
const KEYWORDS: [&str; 17] = [
    "move", "return", "in", "else", "async", "let", "match", "if", "while", "mut", "ref", "as", "for", "where", "use",
    "impl", "dyn",
];

fn ends_with_word(text: &str, word: &str) -> bool {
    let before = text.strip_suffix(word);
    before.is_some_and(|before| !before.ends_with(|end: char| end.is_alphanumeric() || "_#".contains(end)))
}

/// What an operator can follow: so a `|` behind it begins no closure.
fn is_value(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => !KEYWORDS.iter().any(|keyword| word == keyword),
        TokenTree::Punct(_) => false,
        _ => true,
    }
}

fn arrowhead(text: &str) -> bool {
    text.ends_with(['-', '='])
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn text_reads_as_it_was_written() {
        for text in [
            "use ::a::GoesOn as _",
            "use a::*",
            "|n| *n + -n * 2 - *(&n) & !n",
            "if *n > 1 { -n } else { n - 1 }",
            "return -1",
            "let (a, b) = (*c, -d)",
            "<u64 as ::a::Takes<E, Up>>::accept(event)",
            "impl<T> ::a::Takes<T> for Sum<T> where T: Send",
            "#[a] #[b] fn f() -> impl ::a::Future<Output = ()> + ::a::Send",
            "If<{ OK }, T>",
            "Some(n) if n >= 2 => { n } ::a::None => (n)",
        ] {
            assert_eq!(line(TokenStream::from_str(text).unwrap()), text);
        }
    }
}
