//! `impl Takes` for a consumer or a producer-consumer: one event, or one batch, through the function.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::Role;
use super::ast::{By, Kind, Stage};
use super::emit::{Sink, emit};
use super::expand::{after_name, associated, async_block, call, clause, implement, plain_impl};
use super::shape::Shape;
use crate::names::{ours, respan};

/// `impl Takes`, and what else tells an edge about the stage.
pub(crate) fn expand(stage: &Stage) -> TokenStream {
    let takes = takes(stage);
    let consumer = (stage.role == Role::Consumer).then(|| plain_impl(stage, "Consumer", TokenStream::new()));
    let awaits = stage.awaits().then(|| plain_impl(stage, "Awaits", TokenStream::new()));
    let stateless = !stage.fields().any(|parameter| matches!(parameter.kind, Kind::State | Kind::Fresh(_)));
    let overlaps = (stage.awaits() && stateless && matches!(stage.by, By::Value | By::Ref)).then(|| overlaps(stage));
    quote!(#takes #consumer #awaits #overlaps)
}

/// The type that names the errors of the stage.
pub(crate) fn fail(stage: &Stage) -> TokenStream {
    let private = stage.private();
    match &stage.returns.error {
        Some(error) => {
            let error = stage.sound(error);
            quote_spanned!(ours()=> #private::Failed<#error>)
        }
        None => quote_spanned!(ours()=> #private::CannotFail),
    }
}

struct Names {
    /// The event type of the edge.
    edge: TokenStream,
    /// The function's own.
    own: TokenStream,
    accept: TokenStream,
    accept_ref: TokenStream,
    accept_all: TokenStream,
    fits: TokenStream,
}

fn takes(stage: &Stage) -> TokenStream {
    let Some(event) = stage.event() else { return TokenStream::new() };
    let (private, me) = (stage.private(), stage.own_type());
    let own = &event.ty;
    let (own, by_event) = (quote!(#own), stage.scope.by_event());
    let up = Ident::new("__Up", ours());
    let edge = Ident::new("__E", ours());
    let mut predicates = stage.scope.predicates(true);
    if by_event {
        predicates.push(quote_spanned!(ours()=> #own: #private::Event));
        if stage.holds() && matches!(stage.by, By::Ref | By::Slice) {
            predicates.push(quote_spanned!(ours()=> #own: ::core::marker::Sync));
        }
    }
    let by_itself = predicates.clone();
    let (names, generics) = if by_event {
        let names = Names {
            edge: own.clone(),
            own: own.clone(),
            accept: quote_spanned!(ours()=> event),
            accept_ref: quote_spanned!(ours()=> event),
            accept_all: quote_spanned!(ours()=> events),
            fits: quote_spanned!(ours()=> ()),
        };
        (names, stage.scope.generics(true, std::slice::from_ref(&up)))
    } else {
        // Whichever side the compiler may have to infer must not be the `Self` of the bound.
        let (one, other, accepts) = match stage.scope.is_generic(&own) {
            true => (quote!(#edge), own.clone(), quote_spanned!(ours()=> checks::Feeds)),
            false if stage.takes_a_list() => {
                (own.clone(), quote!(#edge), quote_spanned!(ours()=> checks::AcceptedAsOne))
            }
            false => (own.clone(), quote!(#edge), quote_spanned!(ours()=> AcceptedAs)),
        };
        let accepted = quote_spanned!(ours()=> <#one as #private::#accepts<#other, #up, #me>>);
        predicates.push(quote_spanned!(ours()=> #one: #private::#accepts<#other, #up, #me>));
        let names = Names {
            edge: quote!(#edge),
            own,
            accept: quote_spanned!(ours()=> #accepted::accept(event)),
            accept_ref: quote_spanned!(ours()=> #accepted::accept_ref(event)),
            accept_all: quote_spanned!(ours()=> #accepted::accept_all(events)),
            fits: quote_spanned!(ours()=> #accepted::Fits),
        };
        (names, stage.scope.generics(true, &[edge, up.clone()]))
    };
    let clause = clause(predicates);
    let (edge, own, fits) = (&names.edge, &names.own, &names.fits);
    let out = match stage.role {
        Role::Consumer => quote_spanned!(ours()=> #private::NoEvents),
        _ => stage.sound(&stage.returns.event),
    };
    let fail = fail(stage);
    let types = [
        ("In", own, stage.at),
        ("Out", &out, stage.returns.span),
        ("Fail", &fail, stage.returns.span),
        ("Fits", fits, stage.at),
    ];
    let types: TokenStream = types.into_iter().map(|(name, ty, at)| associated(name, ty, at)).collect();
    let by = Ident::new(if stage.by == By::Ref { "ByRef" } else { "ByValue" }, ours());
    let batched = matches!(stage.by, By::Batch | By::Slice);
    let style = Ident::new(if batched { "PerBatch" } else { "PerEvent" }, ours());
    let (awaits, pauses) = (stage.awaits(), stage.returns.pauses());
    let one = !awaits
        && !batched
        && stage.returns.shape == Shape::One
        && !stage.returns.fallible()
        && stage.role != Role::Consumer;
    let callbacks = match stage.by {
        By::Batch | By::Slice => batch(stage, &names),
        By::Value => by_value(stage, &names, one),
        By::Ref => by_ref(stage, &names, one),
    };
    let look = (stage.by == By::Ref && stage.holds()).then(|| look(stage, own, &by_itself, &out, &fail));
    let takes = implement(
        stage,
        stage.at,
        quote_spanned!(ours()=> #generics #private::Takes<#edge, #up> for #me #clause),
        quote_spanned! {ours()=>
            #types
            type By = #private::#by;
            type Style = #private::#style;
            const ASYNC: ::core::primitive::bool = #awaits;
            const ONE: ::core::primitive::bool = #one;
            const PAUSES: ::core::primitive::bool = #pauses;
            #callbacks
        },
    );
    quote!(#look #takes)
}

/// The call that borrows its event, once for the two ways to lend it.
fn look(
    stage: &Stage,
    own: &TokenStream,
    predicates: &[TokenStream],
    out: &TokenStream,
    fail: &TokenStream,
) -> TokenStream {
    let (private, me) = (stage.private(), stage.own_type());
    let (generics, on_type) = (stage.scope.generics(false, &[]), clause(stage.scope.predicates(false)));
    let lifetimes = quote_spanned!(ours()=> '__a, '__b, '__c, '__d);
    let method = stage.scope.of_event(&lifetimes);
    // Every edition captures all of these.
    let captured = stage.scope.captured(&lifetimes);
    let predicates = clause(predicates.to_vec());
    let call = block(stage, body(stage, quote_spanned!(ours()=> event), Sink::Outbox));
    let captured = respan(quote!(+ use #captured), after_name(stage));
    let future = future(stage);
    implement(
        stage,
        ours(),
        quote_spanned!(ours()=> #generics #me #on_type),
        quote_spanned! {ours()=>
            fn __look #method(
                &'__a mut self,
                event: &'__b #own,
                out: &'__c mut #private::Outbox<#out>,
                failures: &'__d mut ::std::vec::Vec<#fail>,
            ) #future #captured #predicates { #call }
        },
    )
}

/// `-> impl Future<Output = ()> + Send`, at the function's name: there the compiler says that it is not `Send`.
fn future(stage: &Stage) -> TokenStream {
    quote_spanned!(after_name(stage)=> -> impl ::core::future::Future<Output = ()> + ::core::marker::Send)
}

/// A future of our own, if the checks hold.
fn block(stage: &Stage, body: TokenStream) -> TokenStream {
    stage.pass(async_block(stage, body))
}

fn outbox(stage: &Stage) -> TokenStream {
    let private = stage.private();
    quote_spanned!(ours()=> out: &mut #private::Outbox<Self::Out>, failures: &mut ::std::vec::Vec<Self::Fail>)
}

fn then() -> TokenStream {
    quote_spanned!(ours()=> then: &mut impl ::core::ops::FnMut(::core::result::Result<Self::Out, Self::Fail>) -> ::core::ops::ControlFlow<()>)
}

/// The statements of a call: its answer goes to `sink`.
fn body(stage: &Stage, event: TokenStream, sink: Sink) -> TokenStream {
    let (before, call) = call(stage, &quote_spanned!(ours()=> self), &event);
    let emit = emit(stage, sink);
    let unused = match sink {
        Sink::Then => quote_spanned!(ours()=> let _ = &then;),
        _ => quote_spanned!(ours()=> let _ = (&out, &failures);),
    };
    quote_spanned!(ours()=> #unused #before let result = #call; #emit)
}

/// A synchronous call: its answer goes to `then`.
fn at_once(stage: &Stage, event: TokenStream) -> TokenStream {
    let body = body(stage, event, Sink::Then);
    quote_spanned!(ours()=> #body ::core::ops::ControlFlow::Continue(()))
}

/// A synchronous call where an asynchronous one would be.
fn answered(stage: &Stage, names: &Names, method: &str, event: TokenStream) -> TokenStream {
    let private = stage.private();
    let (edge, method) = (&names.edge, Ident::new(method, ours()));
    quote_spanned! {ours()=>
        let _ = <Self as #private::Takes<#edge, __Up>>::#method(self, #event, &mut |result| #private::collect(result, out, failures));
        ::core::future::ready(())
    }
}

fn by_value(stage: &Stage, names: &Names, one: bool) -> TokenStream {
    let (edge, accept) = (&names.edge, &names.accept);
    let (future, outbox, then) = (future(stage), outbox(stage), then());
    let event = quote_spanned!(ours()=> event);
    let one = one.then(|| {
        let (before, call) = call(stage, &quote_spanned!(ours()=> self), &event);
        quote_spanned! {ours()=>
            #[inline]
            fn one(&mut self, event: #edge) -> Self::Out { let event = #accept; #before #call }
        }
    });
    let push = (!stage.awaits()).then(|| {
        let body = at_once(stage, event.clone());
        quote_spanned! {ours()=>
            #[inline]
            fn push(&mut self, event: #edge, #then) -> ::core::ops::ControlFlow<()> { let event = #accept; #body }
        }
    });
    let push_async = if stage.holds() {
        let block = block(stage, body(stage, event, Sink::Outbox));
        quote_spanned!(ours()=> let event = #accept; #block)
    } else {
        answered(stage, names, "push", event)
    };
    quote_spanned! {ours()=>
        #one
        #push
        fn push_async(&mut self, event: #edge, #outbox) #future { #push_async }
    }
}

fn by_ref(stage: &Stage, names: &Names, one: bool) -> TokenStream {
    let Names { edge, accept, accept_ref, .. } = names;
    let private = stage.private();
    let (future, outbox, then) = (future(stage), outbox(stage), then());
    let event = quote_spanned!(ours()=> event);
    let one = one.then(|| {
        let (before, call) = call(stage, &quote_spanned!(ours()=> self), &quote_spanned!(ours()=> &event));
        quote_spanned! {ours()=>
            #[inline]
            fn one(&mut self, event: #edge) -> Self::Out { let event = #accept; #before #call }
        }
    });
    let sync = (!stage.awaits()).then(|| {
        let body = at_once(stage, event.clone());
        quote_spanned! {ours()=>
            #[inline]
            fn push(&mut self, event: #edge, #then) -> ::core::ops::ControlFlow<()> {
                <Self as #private::Takes<#edge, __Up>>::look(self, &event, then)
            }
            #[inline]
            fn look(&mut self, event: &#edge, #then) -> ::core::ops::ControlFlow<()> { let event = #accept_ref; #body }
        }
    });
    let (push_async, look_async, lend_async) = if stage.holds() {
        let push = block(
            stage,
            quote_spanned! {ours()=>
                let event = event;
                Self::__look(self, &event, out, failures).await;
            },
        );
        let look = quote_spanned!(ours()=> Self::__look(self, #accept_ref, out, failures));
        (
            quote_spanned!(ours()=> let event = #accept; #push),
            quote_spanned!(ours()=> let event = event.get(); #look),
            quote_spanned!(ours()=> let event = &*event; #look),
        )
    } else {
        (
            answered(stage, names, "look", quote_spanned!(ours()=> &event)),
            answered(stage, names, "look", quote_spanned!(ours()=> event.get())),
            answered(stage, names, "look", event),
        )
    };
    quote_spanned! {ours()=>
        #one
        #sync
        fn push_async(&mut self, event: #edge, #outbox) #future { #push_async }
        fn look_async(&mut self, event: #private::Loan<'_, #edge>, #outbox) #future { #look_async }
        fn lend_async(&mut self, event: &mut #edge, #outbox) #future { #lend_async }
    }
}

fn batch(stage: &Stage, names: &Names) -> TokenStream {
    let (edge, accept_all) = (&names.edge, &names.accept_all);
    let (future, outbox) = (future(stage), outbox(stage));
    let events = match stage.by {
        By::Slice => quote_spanned!(ours()=> ::std::vec::Vec::as_slice(&events)),
        _ => quote_spanned!(ours()=> events),
    };
    let body = body(stage, events, Sink::Outbox);
    let body =
        if stage.holds() { block(stage, body) } else { quote_spanned!(ours()=> #body ::core::future::ready(())) };
    quote_spanned! {ours()=>
        fn batch(&mut self, events: ::std::vec::Vec<#edge>, #outbox) #future { let events = #accept_all; #body }
    }
}

/// `impl Overlaps`: the same stage for one more call.
fn overlaps(stage: &Stage) -> TokenStream {
    let name = stage.own_name();
    let fields = stage.fields().map(|parameter| {
        let field = &parameter.field;
        quote_spanned!(ours()=> #field: ::core::clone::Clone::clone(&self.#field))
    });
    let marker = stage.scope.marker().map(|_| quote_spanned!(ours()=> __marker: ::core::marker::PhantomData));
    let fields = fields.chain(marker);
    plain_impl(stage, "Overlaps", quote_spanned!(ours()=> fn again(&self) -> Self { #name { #(#fields),* } }))
}
