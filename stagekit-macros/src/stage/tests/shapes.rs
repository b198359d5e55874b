//! What return types are read as.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ReturnType, parse_quote};

use crate::diagnostic::{Diagnostics, spell};
use crate::stage::options::Options;
use crate::stage::shape::{self, Context, Shape};

type Read = (bool, Shape, bool, String, Option<String>);

fn read_with(output: ReturnType, options: TokenStream, polled: bool) -> Result<Read, String> {
    let mut errors = Diagnostics::default();
    let mut read = Options::default();
    read.read(options, &mut errors);
    assert!(errors.is_empty(), "{}", errors.into_tokens());
    let context = Context { options: &read, checks: quote!(checks), ok: quote!({ ok }), polled, streams: true };
    let returns = shape::read(&output, &context).map_err(|error| error.to_string())?;
    Ok((returns.outer, returns.shape, returns.inner, spell(&returns.event), returns.error.map(spell)))
}

fn read(output: ReturnType) -> Read {
    read_with(output, TokenStream::new(), false).unwrap()
}

fn x() -> Option<String> {
    Some("X".to_owned())
}

#[test]
fn returns_are_read_as_they_are_spelled() {
    let t = || "T".to_owned();
    assert_eq!(read(ReturnType::Default), (false, Shape::Unit, false, "()".to_owned(), None));
    assert_eq!(read(parse_quote!(-> T)), (false, Shape::One, false, t(), None));
    assert_eq!(read(parse_quote!(-> (T))), (false, Shape::One, false, t(), None));
    assert_eq!(read(parse_quote!(-> Option<T>)), (false, Shape::Maybe, false, t(), None));
    assert_eq!(read(parse_quote!(-> std::vec::Vec<T>)), (false, Shape::List, false, t(), None));
    assert_eq!(read(parse_quote!(-> impl Iterator<Item = T> + Send + '_)), (false, Shape::Iterator, false, t(), None));
    assert_eq!(read(parse_quote!(-> impl Send + IntoIterator<Item = T>)), (false, Shape::Iterator, false, t(), None));
    assert_eq!(read(parse_quote!(-> impl futures::Stream<Item = T>)), (false, Shape::Stream, false, t(), None));
    assert_eq!(read(parse_quote!(-> Box<dyn Iterator<Item = T> + Send>)), (false, Shape::Iterator, false, t(), None));
    assert_eq!(read(parse_quote!(-> Pin<Box<dyn Stream<Item = T> + Send>>)), (false, Shape::Stream, false, t(), None));
    assert_eq!(read(parse_quote!(-> Box<dyn Error>)).3, "Box<dyn Error>");
    assert_eq!(
        read(parse_quote!(-> HashMap<T, Vec<T>>)),
        (false, Shape::One, false, "HashMap<T, Vec<T>>".to_owned(), None)
    );
}

#[test]
fn results_lift_once() {
    let t = || "T".to_owned();
    assert_eq!(read(parse_quote!(-> Result<T, X>)), (true, Shape::One, false, t(), x()));
    assert_eq!(read(parse_quote!(-> Result<(), X>)), (true, Shape::Unit, false, "()".to_owned(), x()));
    assert_eq!(read(parse_quote!(-> Result<Option<T>, X>)), (true, Shape::Maybe, false, t(), x()));
    assert_eq!(read(parse_quote!(-> Result<impl Iterator<Item = T>, X>)), (true, Shape::Iterator, false, t(), x()));
    assert_eq!(read(parse_quote!(-> impl Iterator<Item = Result<T, X>>)), (false, Shape::Iterator, true, t(), x()));
    assert_eq!(read(parse_quote!(-> Vec<Result<T, X>>)), (false, Shape::List, true, t(), x()));
    assert_eq!(read(parse_quote!(-> Option<Result<T, X>>)), (false, Shape::Maybe, true, t(), x()));
    assert_eq!(
        read(parse_quote!(-> Result<Vec<Result<T, Y>>, X>)),
        (true, Shape::List, false, "Result<T, Y>".to_owned(), x())
    );
}

#[test]
fn aliases_named_result_are_results() {
    let error = |ty: &str| Some(format!("<checks::If<{{ok}}, {ty}> as checks::Fallible>::Error"));
    assert_eq!(
        read(parse_quote!(-> io::Result<T>)),
        (true, Shape::One, false, "T".to_owned(), error("io::Result<()>"))
    );
    assert_eq!(read(parse_quote!(-> io::Result<Vec<T>>)).1, Shape::List);
    assert_eq!(read(parse_quote!(-> fmt::Result)).4, error("fmt::Result"));
    let tried = read_with(parse_quote!(-> Outcome<Vec<T>>), quote!(try), false).unwrap();
    assert_eq!(tried, (true, Shape::List, false, "T".to_owned(), error("Outcome<()>")));
    assert!(read_with(parse_quote!(-> Done), quote!(try), false).unwrap().3.ends_with("Fallible>::Value"));
}

#[test]
fn options_override_what_is_read() {
    let read = |output, options| read_with(output, options, false).unwrap();
    assert_eq!(read(parse_quote!(-> Vec<T>), quote!(one)), (false, Shape::One, false, "Vec<T>".to_owned(), None));
    assert_eq!(
        read(parse_quote!(-> Result<Vec<T>, X>), quote!(one)),
        (true, Shape::One, false, "Vec<T>".to_owned(), x())
    );
    let many = read(parse_quote!(-> Items), quote!(many));
    assert_eq!(
        (many.1, many.3.as_str()),
        (Shape::Iterator, "<checks::If<{ok}, Items> as ::core::iter::IntoIterator>::Item")
    );
    assert_eq!(read(parse_quote!(-> Vec<T>), quote!(many)).1, Shape::List);
}

#[test]
fn a_demand_is_answered_with_lists() {
    let polled = |output| read_with(output, TokenStream::new(), true).unwrap();
    assert_eq!(polled(parse_quote!(-> Option<Vec<T>>)), (false, Shape::Lists, false, "T".to_owned(), None));
    assert_eq!(polled(parse_quote!(-> Result<Option<Vec<T>>, X>)), (true, Shape::Lists, false, "T".to_owned(), x()));
    assert_eq!(polled(parse_quote!(-> Vec<T>)).1, Shape::List);
    assert_eq!(read(parse_quote!(-> Option<Vec<T>>)).1, Shape::Maybe);
}

#[test]
fn what_cannot_be_read_says_what_to_write() {
    let error = |output| read_with(output, TokenStream::new(), false).unwrap_err();
    assert!(error(parse_quote!(-> impl Future<Output = T>)).contains("write `async fn`"));
    assert!(error(parse_quote!(-> impl Into<T>)).contains("must be spelled out"));
}
