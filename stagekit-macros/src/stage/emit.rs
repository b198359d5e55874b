//! How an answer of the function becomes events and failures.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::ast::Stage;
use super::shape::Shape;
use crate::names::ours;

/// Where events and failures go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sink {
    /// `then(..)`, which says whether to go on.
    Then,
    /// `out` and `failures`.
    Outbox,
    /// `give`, awaited: the items of a stream that an async block makes.
    Give,
}

impl Sink {
    fn ok(self, stage: &Stage, event: TokenStream) -> TokenStream {
        match self {
            Sink::Then => quote_spanned!(ours()=> then(::core::result::Result::Ok(#event))?;),
            Sink::Outbox => {
                let ready = stage.returns.pauses().then(|| quote_spanned!(ours()=> out.ready().await;));
                quote_spanned!(ours()=> out.push(#event); #ready)
            }
            Sink::Give => quote_spanned!(ours()=> give.give(::core::result::Result::Ok(#event)).await;),
        }
    }
    fn err(self, stage: &Stage, error: TokenStream) -> TokenStream {
        let private = stage.private();
        match self {
            Sink::Then => quote_spanned!(ours()=> then(::core::result::Result::Err(#private::Failed(#error)))?;),
            Sink::Outbox => quote_spanned!(ours()=> failures.push(#private::Failed(#error));),
            Sink::Give => {
                quote_spanned!(ours()=> give.give(::core::result::Result::Err(#private::Failed(#error))).await;)
            }
        }
    }
}

/// The statements that give the answer `result` to the sink.
pub(crate) fn emit(stage: &Stage, sink: Sink) -> TokenStream {
    let returns = &stage.returns;
    let private = stage.private();
    let item = {
        let (ok, err) =
            (sink.ok(stage, quote_spanned!(ours()=> item)), sink.err(stage, quote_spanned!(ours()=> error)));
        match returns.inner {
            true => quote_spanned! {ours()=>
                match item {
                    ::core::result::Result::Ok(item) => { #ok }
                    ::core::result::Result::Err(error) => { #err }
                }
            },
            false => ok,
        }
    };
    let events = match returns.shape {
        Shape::Unit => quote_spanned!(ours()=> let () = result;),
        Shape::One => sink.ok(stage, quote_spanned!(ours()=> result)),
        Shape::Maybe => quote_spanned! {ours()=> if let ::core::option::Option::Some(item) = result { #item } },
        Shape::Iterator if sink != Sink::Then => {
            let items = rests(stage, quote_spanned!(ours()=> ::core::iter::IntoIterator::into_iter(result)));
            quote_spanned! {ours()=> for item in #items { #item } }
        }
        Shape::List | Shape::Lists | Shape::Iterator => {
            quote_spanned! {ours()=> for item in ::core::iter::IntoIterator::into_iter(result) { #item } }
        }
        Shape::Stream => {
            let items = rests(stage, quote_spanned!(ours()=> result));
            quote_spanned! {ours()=>
            let mut result = ::core::pin::pin!(#items);
            while let ::core::option::Option::Some(item) = #private::checks::next(result.as_mut()).await { #item }
            }
        }
    };
    if !returns.outer {
        return events;
    }
    let err = sink.err(stage, quote_spanned!(ours()=> error));
    quote_spanned! {ours()=>
        match result {
            ::core::result::Result::Ok(result) => { #events }
            ::core::result::Result::Err(error) => { #err }
        }
    }
}

/// The iterator or stream, which must be `Send`: at the function's name.
fn rests(stage: &Stage, items: TokenStream) -> TokenStream {
    let private = stage.private();
    // A call in a call: the compiler points at the outermost argument, never at one of our variables.
    let items = stage.pass(items);
    stage.called(quote!(#private::checks::rests_between_events), items)
}
