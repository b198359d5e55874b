//! What an impl is read as, what mistakes are told, and what it expands to.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use super::ast::{Answer, Given, Kind, Stage};
use super::{agree, expand, names, options, read};
use crate::diagnostic::{Diagnostics, spell};
use crate::snapshot;
use crate::stage::shape::Shape;

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("the test's own tokens")
}

/// A stage with these methods, and the texts of its mistakes.
fn stage(attribute: &str, methods: &str) -> (Stage, Vec<String>) {
    let mut errors = Diagnostics::default();
    let options = options::read(tokens(attribute), &mut errors);
    let of = syn::parse2(tokens(&format!("impl Relay {{ {methods} }}"))).expect("an impl");
    let callbacks = read::callbacks(&of, &mut errors);
    let stage = agree::agree(of, options, callbacks, &mut errors);
    let mut found = Vec::new();
    walk(errors.into_tokens(), &mut found);
    (stage, found)
}

fn walk(errors: TokenStream, found: &mut Vec<String>) {
    for token in errors {
        match token {
            TokenTree::Group(group) => walk(group.stream(), found),
            TokenTree::Literal(literal) => {
                found.push(syn::parse_str::<syn::LitStr>(&literal.to_string()).expect("a text").value());
            }
            _ => {}
        }
    }
}

/// What it takes, emits and is told.
fn types(attribute: &str, methods: &str) -> [String; 3] {
    let (stage, mistakes) = stage(attribute, methods);
    assert_eq!(mistakes, [""; 0], "{methods}");
    [stage.takes, stage.emits, stage.info].map(|ty| ty.map_or_else(|| "-".into(), spell))
}

#[track_caller]
fn refused(methods: &str, text: &str) {
    let (_, mistakes) = stage("", methods);
    assert!(mistakes.len() == 1 && mistakes[0].contains(text), "{methods}: {mistakes:?} instead of {text:?}");
}

#[test]
fn what_a_stage_takes_and_emits_is_read_from_its_callbacks() {
    for (methods, read) in [
        ("fn on_demand(&mut self) -> Vec<u8> {}", ["-", "u8", "-"]),
        ("fn on_demand(&mut self, n: Demand, cx: &mut Context<u8>) {}", ["-", "u8", "-"]),
        ("fn on_demand(&mut self, n: Demand) -> io::Result<Option<Vec<u8>>> {}", ["-", "u8", "-"]),
        ("fn on_event(&mut self, e: &A) {}", ["A", "-", "-"]),
        ("fn on_event(&mut self, e: &'static A) -> fmt::Result {}", ["&'static A", "-", "-"]),
        ("fn on_event(&self, e: Vec<A>) -> Option<B> {}", ["Vec<A>", "B", "-"]),
        ("fn on_events(self: &mut Self, e: Vec<A>) -> Result<impl Iterator<Item = B>, E> {}", ["A", "B", "-"]),
        ("fn on_events(&mut self, e: &[A], cx: &mut Context<B>) -> Answer {}", ["A", "B", "-"]),
        ("fn on_events(&mut self, e: &[A], cx: &mut Context<NoEvents>) {}", ["A", "-", "-"]),
        ("fn on_info(&mut self, i: I) -> B {}", ["-", "B", "I"]),
        ("fn on_info(&mut self, i: &I) {} fn on_start(&mut self) -> Vec<B> {}", ["-", "B", "I"]),
        (
            "fn on_event(&mut self, e: A) -> Vec<x::B> {} fn on_info(&mut self, cx: &mut Context<B>) {}",
            ["A", "x::B", "-"],
        ),
        ("fn on_demand(&mut self) -> Vec<B> {} fn on_discarded(&mut self, e: &[B]) -> bool {}", ["-", "B", "-"]),
    ] {
        assert_eq!(types("", methods), read, "{methods}");
    }
    assert_eq!(types("emits = u8, takes = u8", "fn on_event(&mut self, e: Id) -> Byte {}"), ["u8", "u8", "-"]);
}

#[test]
fn parameters_come_in_any_order() {
    let (stage, mistakes) = stage(
        "",
        "fn on_cancel(&mut self, cx: &mut live::Context<u8>, from: &Subscription, ended: &Ended) {}
         fn on_event(&mut self, from: &Subscription, event: A, cx: &mut Context<u8>) {}",
    );
    assert_eq!(mistakes, [""; 0]);
    let given = |at: usize| &stage.callbacks[at].given[..];
    assert!(matches!(given(0), [Given::Context(_), Given::Subscription, Given::Ended]));
    assert!(matches!(given(1), [Given::Subscription, Given::Main(_), Given::Context(_)]));
}

#[test]
fn answers_are_read_as_those_of_functions() {
    let answer = |method: &str| {
        let (mut stage, mistakes) =
            stage("emits = u8, takes = A", &format!("fn on_events(&mut self, e: Vec<A>) {{}} {method}"));
        assert_eq!(mistakes, [""; 0], "{method}");
        stage.callbacks.pop().expect("a callback").answer
    };
    let events = |output: &str| match answer(&format!("fn on_info(&mut self) {output} {{}}")) {
        Answer::Events(returns) => (returns.outer, returns.shape, returns.inner),
        _ => panic!("{output}"),
    };
    assert_eq!(events(""), (false, Shape::Unit, false));
    assert_eq!(events("-> Answer"), (true, Shape::Unit, false));
    assert_eq!(events("-> fmt::Result"), (true, Shape::Unit, false));
    assert_eq!(events("-> anyhow::Result<()>"), (true, Shape::Unit, false));
    assert_eq!(events("-> Result<u8, E>"), (true, Shape::One, false));
    assert_eq!(events("-> Vec<Result<u8, E>>"), (false, Shape::List, true));
    assert_eq!(events("-> Box<dyn Iterator<Item = u8> + '_>"), (false, Shape::Iterator, false));
    assert!(matches!(
        answer("fn on_subscribe(&mut self) -> Result<Asks, E> {}"),
        Answer::Asks { fallible: true, asks: true }
    ));
    assert!(matches!(answer("fn on_subscriber(&mut self) -> Answer {}"), Answer::Asks { fallible: true, asks: false }));
    assert!(matches!(answer("fn on_discarded(&mut self) {}"), Answer::Logs { logs: false }));
    assert!(matches!(answer("fn on_stop(&mut self, why: &Reason) {}"), Answer::Nothing));
}

#[test]
fn helpers_are_left_alone() {
    let (stage, mistakes) = stage(
        "",
        "const N: usize = { 3 }; type T = u8;
         fn init(n: u8) -> Self {} fn handle_demand(n: u8) {}
         fn on_tick(&mut self) {} fn take(self) {} fn on_event2(&mut self, e: u8) {}
         pub(crate) fn on_event(&mut self, e: u8) { half . }",
    );
    assert_eq!(mistakes, [""; 0]);
    assert_eq!(stage.callbacks.iter().map(|callback| callback.kind).collect::<Vec<_>>(), [Kind::Event]);
}

#[test]
fn names_of_elsewhere_have_one_here() {
    let meant = |name| names::meant(name, |_| false);
    for (name, here) in [
        ("handle_events", "on_events"),
        ("handle_demand", "on_demand"),
        ("handle_info", "on_info"),
        ("init", "on_start"),
        ("terminate", "on_stop"),
        ("on_evnt", "on_event"),
        ("on_dmand", "on_demand"),
        ("onstart", "on_start"),
        ("on_canceled", "on_cancel"),
    ] {
        assert_eq!(meant(name), Some(here), "{name}");
    }
    for name in ["take", "on_tick", "on_error", "start", "on_subscription"] {
        assert_eq!(meant(name), None, "{name}");
    }
    refused("fn init(&mut self) {} fn on_event(&mut self, e: u8) {}", "stagekit calls no `init`: rename it `on_start`");
}

#[test]
fn each_mistake_of_a_callback_is_told_once() {
    for (methods, text) in [
        ("", "no callback here"),
        ("fn on_event(e: u8) {}", "write `fn on_event(&mut self, ..)`"),
        ("fn on_event(self, e: u8) {}", "write `&mut self`"),
        ("fn on_event(self: Box<Self>, e: u8) {}", "write `&mut self`"),
        ("unsafe fn on_event(&mut self, e: u8) {}", "put the `unsafe` block inside"),
        ("fn on_event<T>(&mut self, e: T) {}", "put the type parameter on the `impl`"),
        ("fn on_event(&mut self, e: impl Into<u8>) {}", "put a type parameter on the `impl`"),
        ("fn on_event(&mut self) {}", "this one takes none: `fn on_event(&mut self, event: E)`"),
        (
            "fn on_events(&mut self, cx: &mut Context<u8>) {}",
            "this one takes none: `fn on_events(&mut self, events: Vec<E>)`",
        ),
        ("fn on_event(&mut self, e: &[u8]) {}", "is for `on_events`"),
        ("fn on_event(&mut self, e: &mut u8) {}", "take it by value"),
        ("fn on_event(&mut self, e: Line<'a>) {}", "events must own their data"),
        ("fn on_info(&mut self, e: &str) -> u8 {}", "take `&String` or `String`"),
        ("fn on_events(&mut self, e: u8) {}", "takes a `Vec<u8>` or a `&[u8]`; one event at a time is `on_event`"),
        ("fn on_demand(&mut self, n: &Demand) -> Vec<u8> {}", "is given a `Demand`: write that type"),
        ("fn on_demand(&mut self, n: Demand, m: Demand) -> Vec<u8> {}", "is given one `Demand`"),
        ("fn on_demand(&mut self, n: usize) -> Vec<u8> {}", "cannot be given a `usize`: it is given `Demand` and"),
        ("fn on_stop(&mut self, n: usize) {} fn on_event(&mut self, e: u8) {}", "it is given `&Reason`; what else"),
        ("fn on_info(&mut self, i: u8, cx: Context<u8>) {}", "is given a `&mut Context<T>`"),
        ("fn on_info(&mut self, i: u8, cx: &mut Context) {}", "is given a `&mut Context<T>`"),
        ("fn on_demand(&mut self) -> u8 {}", "is told of a demand once"),
        ("fn on_demand(&mut self) -> impl Stream<Item = u8> {}", "when it has returned"),
        ("fn on_demand(&mut self) {}", "this `on_demand` emits nothing"),
        ("fn on_event(&mut self, e: u8) -> impl Display {}", "`Vec<T>` or `impl Iterator<Item = T>`"),
        ("fn on_event(&mut self, e: u8) -> impl Future<Output = u8> {}", "write `async fn`"),
        ("fn on_event(&mut self, e: u8) -> Vec<impl Copy> {}", "spell it out"),
        ("fn on_event(&mut self, e: u8) -> &str {}", "events must own their data"),
        ("async fn on_discarded(&mut self) {} fn on_demand(&mut self) -> Vec<u8> {}", "cannot wait"),
        ("fn on_discarded(&mut self) -> u8 {} fn on_demand(&mut self) -> Vec<u8> {}", "or a `bool`"),
        (
            "fn on_subscriber(&mut self) -> Asks {} fn on_demand(&mut self) -> Vec<u8> {}",
            "nothing or `Result<(), Error>`",
        ),
        ("fn on_events(&mut self, e: Vec<u8>) {} fn on_event(&mut self, e: u8) {}", "keep one of the two"),
        ("fn on_demand(&mut self) -> Vec<u8> {} fn on_event(&mut self, e: u8) {}", "remove `on_demand`"),
        (
            "fn on_event(&mut self, e: u8) {} fn on_start(&mut self, cx: &mut Context<u8>) {} fn on_info(&mut self) -> i8 {}",
            "`on_start` has a `Context` for `u8`, but `on_info` emits `i8`",
        ),
        ("fn on_event(&mut self, e: u8) {} fn on_subscriber(&mut self) {}", "did you mean `on_subscribe`?"),
        ("fn on_event(&mut self, e: u8) {} fn on_subscriber_cancel(&mut self) {}", "did you mean `on_cancel`?"),
        ("fn on_demand(&mut self) -> Vec<u8> {} fn on_subscribe(&mut self) {}", "did you mean `on_subscriber`?"),
        ("fn on_event(&mut self, e: u8) {} fn on_discarded(&mut self) {}", "emits no events: remove it"),
    ] {
        refused(methods, text);
    }
    let (_, mistakes) = stage("takes = u8", "fn on_demand(&mut self) -> Vec<u8> {}");
    assert_eq!(mistakes, ["what takes events has `on_event` or `on_events`: add one, or remove `takes`"]);
}

#[test]
fn options_of_a_type_are_told_with_those_there_are() {
    for (attribute, text) in [
        ("workers(3)", "unknown option `workers`; expected one of: `name`, `takes`, `emits`, `crate`"),
        ("name(\"a\")", "write the option `name = \"..\"`"),
        ("emits =", "write the option `emits = T`"),
        ("name = \"a\", name = \"b\"", "the option `name` is given twice"),
    ] {
        let (_, mistakes) = stage(attribute, "fn on_event(&mut self, e: u8) {}");
        assert!(mistakes.len() == 1 && mistakes[0].contains(text), "{attribute}: {mistakes:?}");
    }
}

#[test]
fn the_impl_comes_first_and_unchanged() {
    let item = "# [cfg (unix)] impl Relay { fn on_event (& mut self , e : u8) { half . } }";
    for options in ["", "unknown"] {
        let text = super::expand(tokens(options), tokens(item)).to_string();
        assert!(text.starts_with(item), "{text}");
        let generated = "# [cfg (unix)] const _ : () = { # [allow (non_upper_case_globals";
        assert!(text[item.len()..].contains(generated), "{text}");
        assert_eq!(text.contains("compile_error"), options == "unknown");
    }
}

#[test]
fn a_node_is_what_the_runtime_makes_of_it() {
    let (stage, _) = stage("", "fn on_event(&mut self, e: u8) {}");
    let text = expand::expand(&stage).to_string();
    assert!(text.contains(":: builder :: IntoNode for Relay") && text.contains("live_node (self)"), "{text}");
}

#[test]
fn snapshots() {
    for (name, options, item) in [
        (
            "producer",
            "name = \"counter\"",
            "impl Counter { fn on_demand(&mut self, demand: Demand) -> Vec<u64> {} fn on_info(&mut self, n: u64, cx: &mut Context<u64>) {} }",
        ),
        (
            "producer_consumer",
            "",
            "impl<T: Copy, const N: usize> Relay<T, N> where T: Sync { \
                async fn on_event(&mut self, event: &T, from: &Subscription) -> Result<Option<T>, Error> {} \
                #[cfg(unix)] fn on_cancel(&self, ended: &Ended) -> impl Iterator<Item = T> {} \
                async fn on_stop(&mut self, reason: &Reason) {} }",
        ),
        (
            "consumer",
            "crate = kit",
            "impl Sum { fn on_events(&mut self, events: &[u64], cx: &mut Context<NoEvents>) -> Answer {} \
                fn on_subscribe(&mut self, options: &Subscribe<u64>) -> Result<Asks, Full> {} }",
        ),
        ("ends", "", "impl Ends { fn on_demand(&mut self) -> Result<Option<Vec<u64>>, Error> {} }"),
        ("broken", "", "impl Counter { fn on_demand(&mut self, step: u64) -> Vec<u64> {} }"),
    ] {
        let expansion = super::expand(tokens(options), tokens(item)).to_string();
        // Behind the impl itself.
        let expansion = tokens(&expansion[tokens(item).to_string().len()..]);
        let options = if options.is_empty() { String::new() } else { format!("({options})") };
        let item = snapshot::nested(tokens(item));
        let written = format!("#[stage{options}]\n{item}\n{}", snapshot::nested(expansion));
        snapshot::compare(&format!("callbacks/snapshots/{name}.txt"), &written);
    }
}
