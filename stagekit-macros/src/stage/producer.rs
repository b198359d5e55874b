//! `impl Producer`: the function's answer goes to the method of `Opens` for its shape.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::ast::{Kind, Stage};
use super::emit::{Sink, emit};
use super::expand::{after_name, associated, async_block, call, plain_impl};
use super::shape::Shape;
use super::takes::fail;
use crate::names::{after, ours};

/// `impl Producer`.
pub(crate) fn expand(stage: &Stage) -> TokenStream {
    let private = stage.private();
    let emitter = stage.emitter();
    let polled = stage.parameters.iter().any(|parameter| matches!(parameter.kind, Kind::Demand));
    let out = match emitter {
        Some(emitter) => {
            let ty = &emitter.ty;
            stage.sound(&quote!(#ty))
        }
        None => stage.sound(&stage.returns.event),
    };
    let fail = fail(stage);
    let borrows = stage.fields().any(|parameter| !matches!(parameter.kind, Kind::Config));
    let open = if emitter.is_some() {
        pushed(stage)
    } else if polled {
        asked(stage)
    } else {
        match stage.returns.shape {
            _ if stage.is_async => generated(stage, "stream"),
            Shape::Stream if borrows || stage.returns.outer => generated(stage, "stream"),
            Shape::Stream => streamed(stage),
            Shape::Iterator if borrows => generated(stage, "borrowing"),
            _ => iterated(stage),
        }
    };
    let waits = stage.is_async || stage.returns.shape == Shape::Stream;
    let at = emitter.map_or(stage.returns.span, |emitter| emitter.ty.span());
    let types: TokenStream = [("Out", out), ("Fail", fail)].iter().map(|(name, ty)| associated(name, ty, at)).collect();
    plain_impl(
        stage,
        "Producer",
        quote_spanned! {ours()=>
            #types
            const ASYNC: bool = #waits;
            fn open<__O: #private::Opens<Self::Out, Self::Fail>>(self, with: __O) -> __O::Opened {
                let mut this = self;
                let _ = &mut this;
                #open
            }
        },
    )
}

/// The argument, if the checks hold, at the function's name: there the compiler says what is not `Send`.
fn at(stage: &Stage, argument: TokenStream) -> TokenStream {
    stage.pass(argument)
}

/// `with.method(argument)`, at the function's name.
fn opened(stage: &Stage, method: &str, argument: TokenStream) -> TokenStream {
    let method = Ident::new(method, after(after_name(stage)));
    quote_spanned!(ours()=> with.#method(#argument))
}

fn this() -> TokenStream {
    quote_spanned!(ours()=> this)
}

/// `Ok(item)`, or the item with its error wrapped.
fn lift(stage: &Stage) -> TokenStream {
    let private = stage.private();
    match stage.returns.inner {
        true => quote_spanned!(ours()=> |item| ::core::result::Result::map_err(item, #private::Failed)),
        false => quote_spanned!(ours()=> ::core::result::Result::Ok),
    }
}

/// An iterator, or something that is as good as one.
fn iterated(stage: &Stage) -> TokenStream {
    let private = stage.private();
    let (before, call) = call(stage, &this(), &TokenStream::new());
    let lift = lift(stage);
    let items = match stage.returns.shape {
        Shape::One => quote_spanned!(ours()=> ::core::iter::once(::core::result::Result::Ok(result))),
        _ => quote_spanned! {ours()=>
            ::core::iter::Iterator::map(::core::iter::IntoIterator::into_iter(result), #lift)
        },
    };
    let items = match stage.returns.outer {
        true => quote_spanned!(ours()=> #private::checks::opened(::core::result::Result::map(result, |result| #items))),
        false => items,
    };
    let items = at(stage, items);
    let opened = opened(stage, "iterator", items);
    quote_spanned!(ours()=> #before let result = #call; #opened)
}

/// A stream that borrows nothing.
fn streamed(stage: &Stage) -> TokenStream {
    let private = stage.private();
    let (before, call) = call(stage, &this(), &TokenStream::new());
    let lift = lift(stage);
    let items = at(stage, quote_spanned!(ours()=> #private::checks::mapped(result, #lift)));
    let opened = opened(stage, "stream", items);
    quote_spanned!(ours()=> #before let result = #call; #opened)
}

/// What must be awaited, or borrows from the arguments: the items of a stream that an async block makes.
fn generated(stage: &Stage, method: &str) -> TokenStream {
    let private = stage.private();
    let (before, call) = call(stage, &this(), &TokenStream::new());
    let emit = emit(stage, Sink::Give);
    let body = async_block(
        stage,
        quote_spanned!(ours()=> let mut this = this; let _ = &mut this; #before let result = #call; #emit),
    );
    let items = closure(stage, quote_spanned!(ours()=> give), body);
    let items = at(stage, stage.called(quote!(#private::checks::generated), items));
    opened(stage, method, items)
}

/// `move |argument| body`, at the function's name.
fn closure(stage: &Stage, argument: TokenStream, body: TokenStream) -> TokenStream {
    quote_spanned!(after_name(stage)=> move |#argument| #body)
}

/// A function that takes an `Emitter`.
fn pushed(stage: &Stage) -> TokenStream {
    let private = stage.private();
    let (before, call) = call(stage, &this(), &TokenStream::new());
    let answer = match stage.returns.outer {
        true => quote_spanned!(ours()=> ::core::result::Result::map_err(result, #private::Failed)),
        false => quote_spanned!(ours()=> let () = result; ::core::result::Result::Ok(())),
    };
    let body = async_block(
        stage,
        quote_spanned!(ours()=> let mut this = this; let _ = &mut this; #before let result = #call; #answer),
    );
    let run = at(stage, closure(stage, quote_spanned!(ours()=> out), body));
    opened(stage, "emitter", run)
}

/// A function that takes a `Demand`.
fn asked(stage: &Stage) -> TokenStream {
    let private = stage.private();
    let (before, call) = call(stage, &this(), &TokenStream::new());
    let polled = polled(stage);
    if stage.is_async {
        let body = async_block(
            stage,
            quote_spanned! {ours()=>
                let mut this = this;
                let _ = &mut this;
                #before
                let result = #call;
                let polled = #polled;
                (this, polled)
            },
        );
        let arguments = quote_spanned!(ours()=> this: Self, demand: #private::Demand);
        let ask = at(stage, closure(stage, arguments, body));
        return opened(stage, "demand_async", quote_spanned!(ours()=> this, #ask));
    }
    let ask = at(
        stage,
        quote_spanned! {ours()=> move |demand: #private::Demand| {
            #before
            let result = #call;
            #polled
        } },
    );
    opened(stage, "demand", ask)
}

/// `Polled` from `result`.
fn polled(stage: &Stage) -> TokenStream {
    let private = stage.private();
    let of = |events: TokenStream, failure: TokenStream, ended: bool| quote_spanned!(ours()=> #private::Polled { events: #events, failure: #failure, ended: #ended });
    let none = quote_spanned!(ours()=> ::core::option::Option::None);
    let empty = quote_spanned!(ours()=> ::std::vec::Vec::new());
    let events = match stage.returns.shape {
        Shape::Lists => {
            let (some, end) = (of(quote_spanned!(ours()=> events), none.clone(), false), of(empty.clone(), none, true));
            quote_spanned! {ours()=>
                match result {
                    ::core::option::Option::Some(events) => #some,
                    ::core::option::Option::None => #end,
                }
            }
        }
        Shape::List => of(quote_spanned!(ours()=> result), none, false),
        _ => of(
            quote_spanned!(ours()=> ::core::iter::Iterator::collect(::core::iter::IntoIterator::into_iter(result))),
            none,
            false,
        ),
    };
    if !stage.returns.outer {
        return events;
    }
    let failed = quote_spanned!(ours()=> ::core::option::Option::Some(#private::Failed(error)));
    let failed = of(empty, failed, false);
    quote_spanned! {ours()=>
        match result {
            ::core::result::Result::Ok(result) => #events,
            ::core::result::Result::Err(error) => #failed,
        }
    }
}
