//! `impl Callbacks`, method by method: the user's own is called, and what it returns is emitted.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Type};

use super::ast::{Answer, By, Callback, Given, Kind, Stage};
use crate::diagnostic::Diagnostics;
use crate::names::{ours, respan};
use crate::stage::expand::associated;
use crate::stage::scope::mentions;
use crate::stage::shape::{Returns, Shape};

/// Everything behind the impl itself.
pub(crate) fn expand(stage: &Stage) -> TokenStream {
    let methods = stage.callbacks.iter().map(|callback| method(stage, callback)).collect();
    implements(stage, checks(stage), methods)
}

/// As [`expand`], where there is a mistake: the types are the compiler's error type, about which it is silent.
pub(crate) fn broken(stage: &Stage, mistakes: Diagnostics) -> TokenStream {
    if !stage.owned {
        return mistakes.into_tokens();
    }
    implements(stage, mistakes.into_expression(), TokenStream::new())
}

/// The traits, and the constant that holds what must be so for their types to be there (see `stage::sound`): where it
/// does not compile, the compiler says nothing else.
fn implements(stage: &Stage, checks: TokenStream, methods: TokenStream) -> TokenStream {
    let (callbacks, node) = (callbacks(stage, methods), node(stage));
    let attrs = crate::stage::for_all(&stage.of.attrs);
    quote_spanned! {ours()=>
        #attrs
        const _: () = {
            #[allow(non_upper_case_globals, deprecated)]
            const __ok: ::core::primitive::bool = { #checks true };
            #callbacks
            #node
        };
    }
}

/// What only the compiler knows of the types, asked where they are written.
fn checks(stage: &Stage) -> TokenStream {
    let kit = stage.options.kit();
    let events = [&stage.takes, &stage.emits].into_iter().flatten().map(|ty| (ty, "event"));
    // An `async fn` that borrows what it is given holds it while it waits.
    let held = stage.callbacks.iter().filter(|callback| {
        callback.is_async && callback.given.iter().any(|given| matches!(given, Given::Main(By::Ref)))
    });
    let held = held.filter_map(|callback| Some((callback.main.as_ref()?, "borrowed")));
    let asked = events.chain(held).filter(|(ty, _)| !depends(stage, ty)).map(|(ty, what)| {
        let at = ty.span();
        let (path, what) = (respan(quote!(#kit::__private::checks), at), Ident::new(what, at));
        quote_spanned!(at=> #path::#what::<#ty>();)
    });
    asked.collect()
}

/// The type means something in the impl alone.
fn depends(stage: &Stage, ty: &Type) -> bool {
    let tokens = ty.to_token_stream();
    let params = stage.of.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    });
    params.chain([&Ident::new("Self", Span::call_site())]).any(|name| mentions(&tokens, name))
}

/// `impl Trait for Type`, with the generics of the user's impl.
fn implement(stage: &Stage, path: TokenStream, body: TokenStream) -> TokenStream {
    let of = &stage.of;
    let (generics, _, clause) = of.generics.split_for_impl();
    let theirs = clause.into_iter().flat_map(|clause| &clause.predicates);
    let ours_too = of.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => {
            let name = &param.ident;
            Some(quote_spanned!(ours()=> #name: ::core::marker::Send + 'static))
        }
        _ => None,
    });
    let mut predicates = theirs.map(ToTokens::to_token_stream).chain(ours_too).peekable();
    let clause = predicates.peek().is_some().then(|| quote_spanned!(ours()=> where));
    // The head and the braces are where the compiler points when it names the impl.
    let ty = &of.ty;
    let keyword = Ident::new("impl", stage.span());
    let mut braces = Group::new(Delimiter::Brace, body);
    braces.set_span(stage.span());
    quote_spanned! {ours()=>
        #[automatically_derived]
        #[allow(deprecated, unused_variables)]
        #keyword #generics #path for #ty #clause #(#predicates),* #braces
    }
}

fn callbacks(stage: &Stage, methods: TokenStream) -> TokenStream {
    let kit = stage.options.kit();
    let nothing = || quote_spanned!(ours()=> #kit::live::NoEvents);
    let types = [
        ("In", &stage.takes, nothing()),
        ("Out", &stage.emits, nothing()),
        ("Info", &stage.info, quote_spanned!(ours()=> ())),
    ];
    let types = types.into_iter().map(|(name, given, none)| {
        let at = given.as_ref().map_or_else(|| stage.span(), Spanned::span);
        let ty = match given {
            Some(ty) if depends(stage, ty) => ty.to_token_stream(),
            Some(ty) => quote_spanned!(ours()=> #kit::__private::checks::If<{ __ok }, #ty>),
            None => quote_spanned!(ours()=> #kit::__private::checks::If<{ __ok }, #none>),
        };
        associated(name, &ty, at)
    });
    let sync = stage.callbacks.iter().all(|callback| !callback.is_async);
    let name = stage
        .options
        .name
        .as_ref()
        .map(|name| quote_spanned!(ours()=> fn name() -> &'static ::core::primitive::str { #name }));
    let body = quote_spanned! {ours()=>
        #(#types)*
        const SYNC: ::core::primitive::bool = #sync;
        #name
        #methods
    };
    implement(stage, quote_spanned!(ours()=> #kit::live::Callbacks), body)
}

/// `impl IntoNode`: a value of the type is a node of `pipeline!`, in braces.
fn node(stage: &Stage) -> TokenStream {
    let kit = stage.options.kit();
    let body = quote_spanned! {ours()=>
        type Stage = #kit::__private::LiveStage<Self>;
        type Workers = #kit::__private::Single;
        fn into_node(self) -> #kit::__private::Node<Self::Stage, Self::Workers> {
            #kit::__private::live_node(self)
        }
    };
    implement(stage, quote_spanned!(ours()=> #kit::builder::IntoNode), body)
}

/// How a method of the trait is written.
struct Method {
    /// Behind `&mut self`.
    parameters: TokenStream,
    output: TokenStream,
    /// What its future is ready with when all is well; `None`: it is no future.
    ready: Option<TokenStream>,
}

fn shape_of(stage: &Stage, kind: Kind) -> Method {
    let kit = stage.options.kit();
    // Where the type is named, so that what is wrong with it is said there, and once.
    let [takes, out, info] =
        [quote!(Self::In), quote!(Self::Out), quote!(Self::Info)].map(|ty| respan(ty, stage.span()));
    let of = |parameters: TokenStream, context: bool| {
        let context = context.then(|| quote_spanned!(ours()=> cx: &mut #kit::live::Context<#out>));
        let answer = quote_spanned!(ours()=> #kit::live::Answer);
        let output = future(&answer);
        Method {
            parameters: quote!(#parameters #context),
            output,
            ready: Some(quote_spanned!(ours()=> ::core::result::Result::Ok(()))),
        }
    };
    let from = quote_spanned!(ours()=> from: &#kit::live::Subscription);
    let ended = quote_spanned!(ours()=> ended: &#kit::live::Ended);
    match kind {
        Kind::Start => of(TokenStream::new(), true),
        Kind::Demand => of(quote_spanned!(ours()=> demand: #kit::Demand,), true),
        Kind::Event | Kind::Events => of(quote_spanned!(ours()=> events: ::std::vec::Vec<#takes>, #from,), true),
        Kind::Cancel | Kind::SubscriberCancel => of(quote_spanned!(ours()=> #ended, #from,), true),
        Kind::Info => of(quote_spanned!(ours()=> info: #info,), true),
        Kind::Stop => Method {
            parameters: quote_spanned!(ours()=> reason: &#kit::live::Reason),
            output: future(&quote_spanned!(ours()=> ())),
            ready: Some(quote_spanned!(ours()=> ())),
        },
        Kind::Subscribe => Method {
            parameters: quote_spanned!(ours()=> options: &#kit::live::Subscribe<#takes>, #from),
            output: quote_spanned!(ours()=> ::core::result::Result<#kit::live::Asks, #kit::BoxError>),
            ready: None,
        },
        Kind::Subscriber => Method {
            parameters: quote_spanned!(ours()=> options: &#kit::live::Subscribe<#out>, #from),
            output: quote_spanned!(ours()=> #kit::live::Answer),
            ready: None,
        },
        Kind::Discarded => Method {
            parameters: quote_spanned!(ours()=> events: ::std::vec::Vec<#out>),
            output: quote_spanned!(ours()=> ::core::primitive::bool),
            ready: None,
        },
    }
}

fn future(output: &TokenStream) -> TokenStream {
    quote_spanned!(ours()=> impl ::core::future::Future<Output = #output> + ::core::marker::Send)
}

fn method(stage: &Stage, callback: &Callback) -> TokenStream {
    let Method { parameters, output, ready } = shape_of(stage, callback.kind);
    // One event at a time is a batch to the runtime.
    let kind = if callback.kind == Kind::Event { Kind::Events } else { callback.kind };
    let name = Ident::new(kind.name(), ours());
    let body = body(stage, callback);
    let body = match &ready {
        None => body,
        Some(ready) if callback.is_async => block(callback.name.span(), quote!(#body #ready)),
        Some(ready) => quote_spanned!(ours()=> #body ::core::future::ready(#ready)),
    };
    // What the future is not is said of the method; what the stage is not, of the stage, where the impl says it too.
    let at = if callback.is_async { callback.name.span() } else { stage.span() };
    let (keyword, output) = (Ident::new("fn", at), respan(output, at));
    let mut braces = Group::new(Delimiter::Brace, body);
    braces.set_span(at);
    let attrs = &callback.attrs;
    quote_spanned!(ours()=> #attrs #keyword #name(&mut self, #parameters) -> #output #braces)
}

/// `async move { body }` at the method's name: there the compiler says what is not `Send`.
fn block(at: Span, body: TokenStream) -> TokenStream {
    let mut braces = Group::new(Delimiter::Brace, body);
    braces.set_span(at);
    quote_spanned!(at=> async move #braces)
}

/// The user's method, called.
fn call(callback: &Callback) -> TokenStream {
    let name = &callback.name;
    let arguments = callback.given.iter().map(|given| match (given, callback.kind) {
        (Given::Main(By::Value), Kind::Event) => quote_spanned!(ours()=> event),
        (Given::Main(By::Ref), Kind::Event) => quote_spanned!(ours()=> &event),
        (Given::Main(By::Value), Kind::Info) => quote_spanned!(ours()=> info),
        (Given::Main(By::Ref), Kind::Info) => quote_spanned!(ours()=> &info),
        (Given::Main(By::Value), _) => quote_spanned!(ours()=> events),
        (Given::Main(By::Ref), _) => quote_spanned!(ours()=> &events),
        (Given::Demand, _) => quote_spanned!(ours()=> demand),
        (Given::Subscription, _) => quote_spanned!(ours()=> from),
        (Given::Context(_), _) => quote_spanned!(ours()=> cx),
        (Given::Subscribe(_), _) => quote_spanned!(ours()=> options),
        (Given::Ended, _) => quote_spanned!(ours()=> ended),
        (Given::Reason, _) => quote_spanned!(ours()=> reason),
    });
    // By path: the inherent method, whatever traits are in scope.
    let call = quote_spanned!(ours()=> Self::#name(self #(, #arguments)*));
    let awaited = callback.is_async.then(|| quote_spanned!(callback.name.span()=> .await));
    quote!(#call #awaited)
}

fn body(stage: &Stage, callback: &Callback) -> TokenStream {
    let (kit, call, at) = (stage.options.kit(), call(callback), callback.at);
    // Where the answer's type is written: there the compiler says that an error is none.
    let error = Ident::new("error", at);
    let converted = quote_spanned!(at=> #kit::__private::checks::told(#error));
    let converted = quote_spanned!(ours()=> let #error: #kit::BoxError = #converted;);
    match &callback.answer {
        Answer::Nothing => quote_spanned!(ours()=> #call;),
        Answer::Logs { logs: true } => call,
        Answer::Logs { logs: false } => quote_spanned!(ours()=> #call; true),
        Answer::Asks { fallible, asks } => {
            let ok = match (asks, callback.kind) {
                (true, _) => quote_spanned!(ours()=> answer),
                (false, Kind::Subscribe) => quote_spanned!(ours()=> #kit::live::Asks::AsSubscribed),
                (false, _) => quote_spanned!(ours()=> ()),
            };
            match fallible {
                true => quote_spanned! {ours()=>
                    match #call {
                        ::core::result::Result::Ok(answer) => ::core::result::Result::Ok(#ok),
                        ::core::result::Result::Err(#error) => { #converted ::core::result::Result::Err(#error) }
                    }
                },
                false => quote_spanned!(ours()=> let answer = #call; ::core::result::Result::Ok(#ok)),
            }
        }
        Answer::Events(returns) => {
            let left = quote_spanned!(ours()=> ::core::result::Result::Err(#error));
            let left = match callback.is_async {
                true => left,
                false => quote_spanned!(ours()=> ::core::future::ready(#left)),
            };
            let emit = emit(callback, returns, &quote_spanned!(ours()=> { #converted return #left; }));
            let result = Ident::new("result", callback.at);
            let call = quote_spanned!(ours()=> let #result = #call; #emit);
            match callback.kind {
                Kind::Event => quote_spanned!(ours()=> for event in events { #call }),
                _ => call,
            }
        }
    }
}

/// What becomes of `result`. `leave` ends the callback with `error`.
fn emit(callback: &Callback, returns: &Returns, leave: &TokenStream) -> TokenStream {
    let (at, cx) = (returns.span, quote_spanned!(ours()=> cx));
    // Where the answer's type is written, as what is said of them is.
    let [result, item, error] = ["result", "item", "error"].map(|name| Ident::new(name, callback.at));
    let one = |item: &Ident| quote_spanned!(at=> #cx.emit(#item););
    let all = |items: &Ident| quote_spanned!(at=> #cx.emit_all(#items););
    let tried = |one: TokenStream| {
        quote_spanned! {ours()=>
            match #item {
                ::core::result::Result::Ok(#item) => { #one }
                ::core::result::Result::Err(#error) => #leave
            }
        }
    };
    let each = if returns.inner { tried(one(&item)) } else { one(&item) };
    let events = match returns.shape {
        Shape::Unit => quote_spanned!(ours()=> let () = #result;),
        Shape::One => one(&result),
        Shape::Maybe => quote_spanned!(ours()=> if let ::core::option::Option::Some(#item) = #result { #each }),
        Shape::Lists => {
            let all = match returns.inner {
                true => quote_spanned!(ours()=> for #item in #item { #each }),
                false => all(&item),
            };
            quote_spanned! {ours()=>
                match #result {
                    ::core::option::Option::Some(#item) => { #all }
                    ::core::option::Option::None => cx.finish(),
                }
            }
        }
        Shape::List | Shape::Iterator | Shape::Stream => {
            // An iterator may hold on to the context that the method was given.
            let held = returns.shape == Shape::Iterator && callback.context().is_some();
            let collected = held.then(|| {
                quote_spanned! {ours()=>
                    let #result = ::core::iter::Iterator::collect::<::std::vec::Vec<_>>(::core::iter::IntoIterator::into_iter(#result));
                }
            });
            let all = match returns.inner {
                true => quote_spanned!(ours()=> for #item in #result { #each }),
                false => all(&result),
            };
            quote!(#collected #all)
        }
    };
    match returns.outer {
        true => quote_spanned! {ours()=>
            match #result {
                ::core::result::Result::Ok(#result) => { #events }
                ::core::result::Result::Err(#error) => #leave
            }
        },
        false => events,
    }
}
