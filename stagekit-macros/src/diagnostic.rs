//! Errors collected on the way: the macros report all they find and still expand.

use proc_macro2::{Delimiter, Punct, Spacing, Span, TokenStream, TokenTree};

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Diagnostics(Option<syn::Error>);

impl Diagnostics {
    /// A mistake at `span`: what is wrong, and what to write instead.
    pub(crate) fn error(&mut self, span: Span, text: impl std::fmt::Display) {
        self.push(syn::Error::new(span, text));
    }

    /// As [`error`](Diagnostics::error), from the token at `start` to the one at `end`.
    pub(crate) fn between(&mut self, start: Span, end: Span, text: impl std::fmt::Display) {
        let [mut first, mut last] = [Punct::new('.', Spacing::Alone), Punct::new('.', Spacing::Alone)];
        first.set_span(start);
        last.set_span(end);
        self.push(syn::Error::new_spanned(TokenStream::from_iter([first, last].map(TokenTree::Punct)), text));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// Adds the others.
    pub(crate) fn append(&mut self, others: Diagnostics) {
        if let Some(errors) = others.0 {
            self.push(errors);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The `compile_error!`s.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }

    /// The `compile_error!`s as one expression, whatever its type.
    pub(crate) fn into_expression(self) -> TokenStream {
        let errors = self.0.into_iter().flatten().map(syn::Error::into_compile_error);
        errors.map(|error| quote::quote!({ #error })).collect()
    }
}

/// How a type would be written in a message.
pub(crate) fn spell(tokens: impl quote::ToTokens) -> String {
    let mut text = String::new();
    write(tokens.to_token_stream(), &mut text);
    text
}

/// Tokens as they stand in the source, but for one blank where there are several.
pub(crate) fn written(tokens: &TokenStream) -> String {
    if !proc_macro::is_available() {
        return spell(tokens);
    }
    let (mut text, mut end) = (String::new(), None);
    copy(tokens.clone(), &mut text, &mut end);
    text
}

fn copy(tokens: TokenStream, text: &mut String, end: &mut Option<(usize, usize)>) {
    let start = |span: Span| (span.unwrap().start().line(), span.unwrap().start().column());
    let stop = |span: Span| (span.unwrap().end().line(), span.unwrap().end().column());
    let put = |word: &str, first: (usize, usize), last, text: &mut String, end: &mut Option<(usize, usize)>| {
        if end.is_some_and(|end| end != first) {
            text.push(' ');
        }
        text.push_str(word);
        *end = Some(last);
    };
    for token in tokens {
        let TokenTree::Group(group) = token else {
            put(&token.to_string(), start(token.span()), stop(token.span()), text, end);
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::None => ("", ""),
        };
        // What was parsed and put together again has one place for both of its delimiters: all of the group.
        let (first, last) = (start(group.span_open()), stop(group.span_close()));
        put(open, first, (first.0, first.1 + open.len()), text, end);
        copy(group.stream(), text, end);
        put(close, (last.0, last.1.saturating_sub(close.len())), last, text, end);
    }
}

fn write(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                if open == "[" && text.ends_with("mut") {
                    text.push(' ');
                }
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => text.push_str(", "),
                sign @ ('=' | '+' | '-') => {
                    text.push(' ');
                    text.push(sign);
                }
                '>' if text.ends_with(" -") => text.push('>'),
                ';' => text.push(';'),
                sign => {
                    if text.ends_with(['=', '+']) || text.ends_with(" as") {
                        text.push(' ');
                    }
                    text.push(sign);
                }
            },
            word => {
                if text.ends_with(|last: char| last.is_alphanumeric() || "_=+;)>".contains(last)) {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}
