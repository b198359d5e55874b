//! What signatures are read as, and what mistakes are told, without a compiler.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Role, expand};
use crate::diagnostic::spell;

mod shapes;

/// The texts of the errors in an expansion.
fn mistakes(role: Role, options: TokenStream, item: TokenStream) -> Vec<String> {
    let text = expand(role, options, item).to_string();
    let parts =
        text.split("compile_error ! {").skip(1).map(|part| part.split('"').nth(1).unwrap_or_default().to_owned());
    parts.collect()
}

#[test]
fn the_function_comes_first_and_the_struct_last() {
    let text = expand(
        Role::Consumer,
        quote!(),
        quote!(/** Docs. */ pub(crate) fn save(x: u64, #[state] n: &mut u64) { body . }),
    );
    let text = text.to_string();
    let function = "pub (crate) fn save (x : u64 , n : & mut u64) { body . }";
    assert!(text.find(function).is_some_and(|at| at < 40), "{text}");
    let last = text.rfind("pub (crate) struct save").expect("a struct");
    assert!(
        text[last..].starts_with("pub (crate) struct save {") && !text[last..].contains("} }"),
        "{}",
        &text[last..]
    );
    assert_eq!(text.matches("Docs.").count(), 2);
}

#[test]
fn both_orders_of_stacked_attributes_are_one_stage() {
    let whole = expand(
        Role::ProducerConsumer,
        quote!(one),
        quote!(
            fn d(x: u64) -> Vec<u64> {
                vec![x]
            }
        ),
    )
    .to_string();
    let item = |inner: TokenStream| quote!(#[stagekit::#inner] fn d(x: u64) -> Vec<u64> { vec![x] });
    assert_eq!(expand(Role::Producer, quote!(), item(quote!(consumer(one)))).to_string(), whole);
    assert_eq!(expand(Role::Consumer, quote!(one), item(quote!(producer))).to_string(), whole);
    assert_eq!(
        mistakes(
            Role::Consumer,
            quote!(),
            quote!(
                #[consumer]
                fn d(x: u64) {}
            )
        ),
        ["#[consumer] is given twice"]
    );
}

#[test]
fn conditions_hold_for_everything_that_is_generated() {
    let item = quote!(
        #[cfg(unix)]
        #[cfg_attr(unix, allow(unused), inline)]
        #[expect(dead_code)]
        #[inline]
        async fn f(x: &u64) {}
    );
    let text = expand(Role::Consumer, quote!(), item).to_string();
    let items = text.matches("impl").count() - text.matches("-> impl").count() - text.matches(": & mut impl").count();
    assert!(items > 4, "{text}");
    let generated = text.matches("# [cfg (unix)] # [cfg_attr (unix , allow (unused))] # [allow (dead_code)]").count();
    // The constant and the struct too; the function keeps its own.
    assert_eq!(generated, text.matches("automatically_derived").count() + 2, "{text}");
    assert_eq!(text.matches("inline").count(), 2);
}

#[test]
fn type_parameters_find_their_home() {
    let home = |item| {
        let text = expand(Role::ProducerConsumer, quote!(), item).to_string();
        let at = text.rfind("struct f").expect("a struct") + "struct f".len();
        text[at..].split('{').next().unwrap_or_default().trim().to_owned()
    };
    assert_eq!(
        home(quote!(
            fn f<T: Copy>(x: T) -> T {}
        )),
        ""
    );
    assert_eq!(
        home(quote!(
            fn f<T: Copy>(x: u64) -> T {}
        )),
        "< T > where T : Copy"
    );
    assert_eq!(
        home(quote!(
            fn f<T: Hash>(x: T, seen: &mut HashSet<T>) -> T {}
        )),
        "< T > where T : Hash"
    );
    assert_eq!(
        home(quote!(
            fn f<T: Iterator>(x: T::Item) -> u64 {}
        )),
        "< T > where T : Iterator"
    );
    assert_eq!(
        home(quote!(
            fn f<const N: usize>(x: [u8; N]) -> u64 {}
        )),
        ""
    );
    assert_eq!(
        home(quote!(
            fn f<'a, T: 'a>(x: &'a T) -> u64 {}
        )),
        ""
    );
    assert_eq!(
        home(quote!(
            fn f(x: impl Display) -> u64 {}
        )),
        ""
    );
    assert_eq!(
        home(quote!(
            fn f(x: u64, g: impl Fn(u64) -> u64 + Clone) -> u64 {}
        )),
        "< __T1_0 = () >"
    );
}

#[test]
fn r36_to_r42_each_mistake_is_told_once() {
    use Role::{Consumer, Producer, ProducerConsumer};
    let told = |role, item: TokenStream, text: &str| {
        let found = mistakes(role, quote!(), item);
        assert!(found.len() == 1 && found[0].contains(text), "{found:?} instead of {text:?}");
    };
    told(
        ProducerConsumer,
        quote!(
            fn f(x: u64) {}
        ),
        "did you mean `#[consumer]`?",
    );
    told(
        Consumer,
        quote!(
            fn f(x: u64) -> u64 {}
        ),
        "did you mean `#[producer_consumer]`?",
    );
    told(
        Consumer,
        quote!(
            fn f() {}
        ),
        "takes the event as its first parameter, but `f` takes none",
    );
    told(
        Consumer,
        quote!(
            fn u8(x: u64) {}
        ),
        "would hide the built-in `u8` in this module",
    );
    told(
        Consumer,
        quote!(
            fn f(&self, x: u64) {}
        ),
        "on a method",
    );
    told(
        Consumer,
        quote!(
            unsafe fn f(x: u64) {}
        ),
        "`unsafe` function",
    );
    told(
        Consumer,
        quote!(
            const fn f(x: u64) {}
        ),
        "`const` function",
    );
    told(
        Consumer,
        quote!(
            extern "C" fn f(x: u64) {}
        ),
        "`extern` function",
    );
    told(
        Consumer,
        quote!(
            struct F;
        ),
        "on a struct",
    );
    told(
        Consumer,
        quote!(
            fn f(x: &mut u64) {}
        ),
        "an event is taken by value or as `&u64`",
    );
    told(
        Consumer,
        quote!(
            fn f(x: Line<'_>) {}
        ),
        "events must own their data; `Line<'_>` borrows",
    );
    told(
        Consumer,
        quote!(
            fn f(x: &str) {}
        ),
        "take `&String` or `String`",
    );
    told(
        Consumer,
        quote!(
            fn f(x: &[u8]) {}
        ),
        "write the option `batch(size, every)`",
    );
    told(
        Consumer,
        quote!(
            fn f(x: u64, s: &mut Parser<'a>) {}
        ),
        "a stage's state must own its data",
    );
    told(
        Consumer,
        quote!(
            fn f(x: u64, n: Demand) {}
        ),
        "only a `#[producer]` takes a `Demand`",
    );
    told(
        Consumer,
        quote!(
            fn f(#[state] x: u64) {}
        ),
        "the first parameter is the event",
    );
    told(
        Consumer,
        quote!(
            fn f(x: u64, #[state] y: u64) {}
        ),
        "write `&mut u64`",
    );
    told(
        Consumer,
        quote!(
            fn f(x: u64, #[state(x)] y: &mut u64) {}
        ),
        "`#[state(init = ..)]`",
    );
    told(
        Producer,
        quote!(
            fn f() {}
        ),
        "a producer returns its events",
    );
    told(
        Producer,
        quote!(
            fn f(out: Emitter<u64>) {}
        ),
        "must be an `async fn`",
    );
    told(
        Producer,
        quote!(
            async fn f(out: Emitter<u64>) -> u64 {}
        ),
        "emits through its `Emitter`",
    );
    told(
        Producer,
        quote!(
            fn f(n: Demand) -> impl Iterator<Item = u64> {}
        ),
        "a producer that takes a `Demand` returns",
    );
    told(
        Producer,
        quote!(
            fn f() -> Vec<&str> {}
        ),
        "events must own their data; `&str` borrows",
    );
}

#[test]
fn r42_options_are_told_with_those_there_are() {
    let told = |options: TokenStream, text: &str| {
        let found = mistakes(
            Role::Consumer,
            options,
            quote!(
                fn f(x: Vec<u64>) {}
            ),
        );
        assert!(found.len() == 1 && found[0].contains(text), "{found:?} instead of {text:?}");
    };
    told(quote!(batchsize = 3), "unknown option `batchsize`; expected one of: `batch`, `one`");
    told(quote!(one, one), "given twice");
    told(quote!(one, many), "exclude each other");
    told(quote!(batch), "a batch has a size and a time");
    told(quote!(batch(1)), "a batch has a size and a time");
    told(quote!(batch(0, every)), "at least 1");
    assert_eq!(
        mistakes(
            Role::Consumer,
            quote!(batch(10, every), crate = my::kit, as = F),
            quote!(
                fn f(x: Vec<u64>) {}
            )
        ),
        [""; 0]
    );
}

#[test]
fn types_are_spelled_as_people_write_them() {
    let spelled = |tokens: TokenStream| spell(tokens);
    for text in [
        "Result<Vec<u64>, Box<dyn Error + Send>>",
        "&'a mut [u8; 4]",
        "impl Fn(&str, u8) -> bool + Send",
        "<T as Iterator>::Item",
    ] {
        assert_eq!(spelled(text.parse().unwrap()), text);
    }
}
