//! What each callback is given and gives back, as its signature says it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, GenericParam, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type};

use super::ast::{Answer, By, Callback, Given, Impl, Kind, Method};
use super::names;
use crate::diagnostic::{Diagnostics, spell};
use crate::names::ours;
use crate::stage::ast::lent;
use crate::stage::shape::{self, Returns, Shape, arguments, plain};
use crate::types::{borrowed, opaque};

/// The callbacks among the methods, in the order of the text. What has a mistake is left out.
pub(crate) fn callbacks(of: &Impl, errors: &mut Diagnostics) -> Vec<Callback> {
    let is_there = |name: &str| of.methods.iter().any(|method| method.sig.ident == name);
    let mut callbacks: Vec<Callback> = Vec::new();
    for method in &of.methods {
        let name = method.sig.ident.to_string();
        match (names::callback(&name), names::meant(&name, is_there)) {
            // Two methods of one name are rustc's business.
            (Some(kind), _) if callbacks.iter().any(|other| other.kind == kind) => {}
            (Some(kind), _) => callbacks.extend(callback(kind, method, errors)),
            // A function without `self` is no attempt at a callback: `fn init(..) -> Self` is a constructor.
            (None, Some(meant)) if method.sig.receiver().is_some() => {
                let text = format!("stagekit calls no `{name}`: rename it `{meant}`");
                errors.error(method.sig.ident.span(), text);
            }
            _ => {}
        }
    }
    callbacks
}

fn callback(kind: Kind, method: &Method, errors: &mut Diagnostics) -> Option<Callback> {
    let Method { attrs, sig } = method;
    let mut own = Diagnostics::default();
    signature(kind, sig, &mut own);
    let read = if own.is_empty() { Some(parameters(kind, sig, &mut own)) } else { None };
    let answer = if own.is_empty() { answer(kind, sig, &mut own) } else { None };
    let clear = own.is_empty();
    errors.append(own);
    let ((given, main), answer) = (read?, answer?);
    let emits = match &answer {
        Answer::Events(returns) if returns.shape != Shape::Unit => syn::parse2(returns.event.clone()).ok(),
        _ => None,
    };
    clear.then(|| Callback {
        kind,
        name: sig.ident.clone(),
        attrs: crate::stage::for_all(attrs),
        is_async: sig.asyncness.is_some(),
        given,
        main,
        answer,
        emits,
        at: match &sig.output {
            ReturnType::Default => sig.ident.span(),
            ReturnType::Type(_, ty) => ty.span(),
        },
    })
}

/// What a callback can be at all.
fn signature(kind: Kind, sig: &Signature, errors: &mut Diagnostics) {
    let name = kind.name();
    match sig.receiver() {
        None => {
            let text = format!("`{name}` is a callback of the stage: write `fn {name}(&mut self, ..)`");
            return errors.error(sig.ident.span(), text);
        }
        Some(receiver) if !lends(receiver) => {
            let text = format!("`{name}` borrows its stage, which goes on afterwards: write `&mut self`");
            return errors.error(receiver.self_token.span(), text);
        }
        Some(_) => {}
    }
    if let Safety::Unsafe(token) = &sig.safety {
        let text = format!("stagekit calls `{name}` from safe code: put the `unsafe` block inside");
        return errors.error(token.span, text);
    }
    if let (Some(token), Kind::Subscribe | Kind::Subscriber | Kind::Discarded) = (&sig.asyncness, kind) {
        let text = format!("`{name}` cannot wait, so it is no `async fn`: write `fn {name}(..)`");
        return errors.error(token.span(), text);
    }
    let own = sig.generics.params.iter().find(|param| !matches!(param, GenericParam::Lifetime(_)));
    if let Some(param) = own {
        let text = format!("`{name}` is called with one type only: put the type parameter on the `impl`");
        errors.error(param.span(), text);
    }
}

/// `&mut self`, `&self`, `self: &mut Self`
fn lends(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => {
            matches!(plain(ty), Type::Reference(reference) if matches!(plain(&reference.elem), Type::Path(path) if path.path.is_ident("Self")))
        }
        _ => false,
    }
}

/// The types that say by themselves what they are given, and how they are written.
const WORDS: [(&str, &str); 6] = [
    ("Demand", "Demand"),
    ("Ended", "&Ended"),
    ("Reason", "&Reason"),
    ("Subscribe", "&Subscribe<T>"),
    ("Subscription", "&Subscription"),
    ("Context", "&mut Context<T>"),
];

/// The words that a callback can be given.
fn words(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Start | Kind::Info => &["Context"],
        Kind::Demand => &["Demand", "Context"],
        Kind::Event | Kind::Events => &["Subscription", "Context"],
        Kind::Subscribe | Kind::Subscriber => &["Subscribe", "Subscription"],
        Kind::Cancel | Kind::SubscriberCancel => &["Ended", "Subscription", "Context"],
        Kind::Discarded => &[],
        Kind::Stop => &["Reason"],
    }
}

/// What else it can be given.
fn main_of(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Event => Some("the event"),
        Kind::Events => Some("the events"),
        Kind::Info => Some("the info"),
        Kind::Discarded => Some("the events that are discarded"),
        _ => None,
    }
}

fn parameters(kind: Kind, sig: &Signature, errors: &mut Diagnostics) -> (Vec<Given>, Option<Type>) {
    let name = kind.name();
    let (mut given, mut main) = (Vec::new(), None);
    let mut seen: Vec<&str> = Vec::new();
    for arg in &sig.inputs {
        let FnArg::Typed(arg) = arg else { continue };
        let ty = plain(&arg.ty);
        if let Some(word) = words(kind).iter().find(|word| last_word(ty).is_some_and(|last| last == **word)) {
            match special(word, ty) {
                _ if seen.contains(word) => {
                    errors.error(ty.span(), format!("`{name}` is given one `{word}`: remove this one"))
                }
                Some(special) => given.push(special),
                None => {
                    let written = WORDS.iter().find(|(known, _)| known == word).map_or("", |(_, written)| written);
                    errors
                        .push(syn::Error::new_spanned(ty, format!("`{name}` is given a `{written}`: write that type")));
                }
            }
            seen.push(word);
        } else if main_of(kind).is_some() && main.is_none() {
            match about(kind, ty) {
                Ok((by, inner)) => {
                    given.push(Given::Main(by));
                    main = Some(inner);
                }
                Err(error) => {
                    errors.push(error);
                    main = Some(ty.clone());
                }
            }
        } else {
            errors.push(syn::Error::new_spanned(ty, unknown(kind, ty)));
        }
    }
    if let (Kind::Event | Kind::Events, None) = (kind, &main) {
        let written = if kind == Kind::Event { "event: E" } else { "events: Vec<E>" };
        let text = format!("`{name}` takes events, but this one takes none: `fn {name}(&mut self, {written})`");
        errors.error(sig.paren_token.span.join(), text);
    }
    (given, main)
}

/// What a parameter of an unknown type could have been.
fn unknown(kind: Kind, ty: &Type) -> String {
    let name = kind.name();
    let known = words(kind).iter().filter_map(|word| WORDS.iter().find(|(known, _)| known == word));
    let mut known: Vec<String> = known.map(|(_, written)| format!("`{written}`")).collect();
    known.extend(main_of(kind).map(|what| format!("once {what}")));
    let known = match known.pop() {
        None => "nothing".to_owned(),
        Some(last) if known.is_empty() => last,
        Some(last) => format!("{} and {last}", known.join(", ")),
    };
    format!(
        "`{name}` cannot be given a `{}`: it is given {known}; what else it needs is a field of the stage",
        spell(ty)
    )
}

/// The last name of the path, behind a reference.
fn last_word(ty: &Type) -> Option<&syn::Ident> {
    let ty = if let Type::Reference(reference) = ty { plain(&reference.elem) } else { ty };
    let Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|segment| &segment.ident)
}

/// A parameter of such a type, if it is written as it must be.
fn special(word: &str, ty: &Type) -> Option<Given> {
    let (lent, exclusive, inner) = match ty {
        Type::Reference(reference) => (true, reference.mutability.is_some(), plain(&reference.elem)),
        ty => (false, false, ty),
    };
    let args = arguments(inner, word)?;
    match (word, lent, exclusive, &args[..]) {
        ("Demand", false, _, []) => Some(Given::Demand),
        ("Ended", true, false, []) => Some(Given::Ended),
        ("Reason", true, false, []) => Some(Given::Reason),
        ("Subscription", true, false, []) => Some(Given::Subscription),
        ("Subscribe", true, false, [ty]) => Some(Given::Subscribe(ty.clone())),
        ("Context", true, true, [ty]) => Some(Given::Context(ty.clone())),
        _ => None,
    }
}

/// What the parameter is about, and how it comes.
fn about(kind: Kind, ty: &Type) -> syn::Result<(By, Type)> {
    let name = kind.name();
    let wrong = |text: String| Err(syn::Error::new_spanned(ty, text));
    let (by, inner) = match lent(ty) {
        Some(reference) => (By::Ref, plain(&reference.elem)),
        None => (By::Value, ty),
    };
    if let Some(mutability) = lent(ty).and_then(|reference| reference.mutability.as_ref()) {
        let text = format!("`{name}` takes this by value or by `&`: to change it, take it by value");
        return Err(syn::Error::new(mutability.span, text));
    }
    let inner = match kind {
        Kind::Events | Kind::Discarded => match (inner, arguments(inner, "Vec").as_deref()) {
            (_, Some([event])) => plain(event).clone(),
            (Type::Slice(slice), _) if by == By::Ref => plain(&slice.elem).clone(),
            _ => {
                let one = if kind == Kind::Events { "; one event at a time is `on_event`" } else { "" };
                let spelled = spell(inner);
                return wrong(format!("`{name}` takes a `Vec<{spelled}>` or a `&[{spelled}]`{one}"));
            }
        },
        _ => match inner {
            Type::Slice(slice) if kind == Kind::Event => {
                let spelled = spell(&*slice.elem);
                return wrong(format!("`on_event` takes one event: a batch, `&[{spelled}]`, is for `on_events`"));
            }
            Type::Slice(_) | Type::TraitObject(_) => {
                return wrong(format!("`{name}` takes what owns its data: a `Vec`, a `Box`"));
            }
            Type::Path(path) if by == By::Ref && path.path.is_ident("str") => {
                return wrong("events must own their data; `&str` borrows: take `&String` or `String`".into());
            }
            inner => inner.clone(),
        },
    };
    owned(kind, &inner)?;
    Ok((by, inner))
}

/// A type that can be that of a stage's events.
fn owned(kind: Kind, ty: &Type) -> syn::Result<()> {
    if let Some(at) = borrowed(ty) {
        let what = if kind == Kind::Info { "infos" } else { "events" };
        return Err(syn::Error::new(at, format!("{what} must own their data; `{}` borrows", spell(ty))));
    }
    match opaque(ty.to_token_stream()) {
        Some(at) => Err(syn::Error::new(
            at,
            "a stage's events have one type: spell it out, or put a type parameter on the `impl`",
        )),
        None => Ok(()),
    }
}

fn answer(kind: Kind, sig: &Signature, errors: &mut Diagnostics) -> Option<Answer> {
    let name = kind.name();
    let (outer, value) = lifted(&sig.output);
    let unit = matches!(&value, None | Some(Type::Tuple(_)))
        && !matches!(&value, Some(Type::Tuple(tuple)) if !tuple.elems.is_empty());
    let word = value.as_ref().and_then(last_word).map(ToString::to_string);
    let mut wrong = |can: &str| {
        let ReturnType::Type(_, ty) = &sig.output else { return None };
        errors.push(syn::Error::new_spanned(ty, format!("`{name}` returns {can}, not `{}`", spell(&**ty))));
        None
    };
    match kind {
        Kind::Subscribe if unit => Some(Answer::Asks { fallible: outer, asks: false }),
        Kind::Subscribe if word.as_deref() == Some("Asks") => Some(Answer::Asks { fallible: outer, asks: true }),
        Kind::Subscribe => wrong("nothing, `Asks`, or a `Result` of these"),
        Kind::Subscriber if unit => Some(Answer::Asks { fallible: outer, asks: false }),
        Kind::Subscriber => wrong("nothing or `Result<(), Error>`"),
        Kind::Discarded if unit && !outer => Some(Answer::Logs { logs: false }),
        Kind::Discarded if word.as_deref() == Some("bool") && !outer => Some(Answer::Logs { logs: true }),
        Kind::Discarded => wrong("nothing, or a `bool` that says whether to log a warning"),
        Kind::Stop if unit && !outer => Some(Answer::Nothing),
        Kind::Stop => wrong("nothing, for the stage has ended"),
        _ if unit && outer => {
            // The error of an alias is not named: it is converted, whatever it is.
            Some(Answer::Events(Returns { outer, shape: Shape::Unit, ..Returns::unknown(sig.output.span()) }))
        }
        _ => match events(kind, sig) {
            Ok(returns) => Some(Answer::Events(returns)),
            Err(error) => {
                errors.push(error);
                None
            }
        },
    }
}

/// Whether the answer is a `Result`, and what it holds besides: `None` where that is nothing, or not to be seen.
fn lifted(output: &ReturnType) -> (bool, Option<Type>) {
    let ReturnType::Type(_, ty) = output else { return (false, None) };
    let ty = plain(ty);
    if arguments(ty, "Answer").is_some_and(|args| args.is_empty()) {
        return (true, None);
    }
    match arguments(ty, "Result") {
        Some(args) => (true, args.first().map(|ty| plain(ty).clone())),
        None => (false, Some(ty.clone())),
    }
}

fn events(kind: Kind, sig: &Signature) -> syn::Result<Returns> {
    let name = kind.name();
    let polled = kind == Kind::Demand;
    let (checks, ok): (TokenStream, _) =
        (quote_spanned!(ours()=> ::stagekit::__private::checks), quote_spanned!(ours()=> { true }));
    let returns =
        shape::read(&sig.output, &shape::Context { options: &Default::default(), checks, ok, polled, streams: false })?;
    let ReturnType::Type(_, ty) = &sig.output else { return Ok(returns) };
    let wrong = |text: String| Err(syn::Error::new_spanned(ty, text));
    match returns.shape {
        Shape::Stream => {
            return wrong(format!(
                "`{name}` emits what it returns, when it has returned: a `Vec<T>` or an `impl Iterator<Item = T>`"
            ));
        }
        Shape::One | Shape::Maybe if polled => {
            return wrong(format!(
                "`{name}` is told of a demand once: it returns `Vec<T>`, `impl Iterator<Item = T>`, `Option<Vec<T>>` \
                 (`None` ends the stage), nothing, or a `Result` of these, not `{}`",
                spell(&**ty)
            ));
        }
        Shape::Unit => return Ok(returns),
        _ => {}
    }
    let event: Type = syn::parse2(returns.event.clone())?;
    owned(kind, &event)?;
    Ok(returns)
}
