//! The mistakes that a signature shows, each with what to write instead.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ReturnType, Signature, Type};

use super::Role;
use super::ast::{self, By, Function, Kind, Stage};
use super::shape::{Shape, arguments, plain};
use crate::diagnostic::{Diagnostics, spell, written};
use crate::names::ours;
use crate::types::borrowed;

const PRIMITIVES: &str =
    "bool char str i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f16 f32 f64 f128 std core alloc";

/// What a function can be at all, before its parameters are looked at.
pub(crate) fn function(sig: &Signature, role: Role, errors: &mut Diagnostics) {
    let name = &sig.ident;
    let attribute = role.attribute();
    let mut cannot = |span: Span, what: &str, instead: &str| {
        errors.error(span, format!("{attribute} on {what} function: {instead}"));
    };
    if let syn::Safety::Unsafe(token) = &sig.safety {
        cannot(
            token.span,
            "an `unsafe`",
            "stagekit calls it from safe code; make the function safe and put the `unsafe` block inside",
        );
    }
    if let Some(token) = &sig.constness {
        cannot(
            token.span,
            "a `const`",
            "stages run at run time; remove `const`, or call the `const fn` from the stage",
        );
    }
    if let Some(abi) = &sig.abi {
        cannot(
            abi.extern_token.span,
            "an `extern`",
            "stages are called from Rust; remove `extern`, or call it from the stage",
        );
    }
    if let Some(variadic) = &sig.variadic {
        cannot(variadic.dots.spans[0], "a variadic", "an edge carries one event; name the parameters");
    }
    if role != Role::Producer && sig.inputs.is_empty() {
        let at = sig.paren_token.span.join();
        errors.error(at, format!("{attribute} takes the event as its first parameter, but `{name}` takes none"));
    }
}

/// A method cannot be a stage: there is nowhere to put the type.
pub(crate) fn method(sig: &Signature, role: Role) -> Option<(Span, String)> {
    let receiver = sig.receiver()?;
    let attribute = role.attribute();
    let text = format!(
        "{attribute} on a method: a stage is a function; take the value as a parameter instead: `state: &mut T`, or `config: &T` to share it"
    );
    Some((receiver.self_token.span, text))
}

/// A parameter, or what comes back, is a `str`, a slice or a `dyn Trait` as it stands.
pub(crate) fn has_no_size(sig: &Signature) -> bool {
    let bare = |ty: &Type| match plain(ty) {
        Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        _ => false,
    };
    let mut taken = sig.inputs.iter().filter_map(|arg| if let FnArg::Typed(arg) = arg { Some(&*arg.ty) } else { None });
    taken.any(bare) || matches!(&sig.output, ReturnType::Type(_, ty) if bare(ty))
}

/// The name of the stage's type. `false`: it cannot be declared.
pub(crate) fn name(name: &Ident, role: Role, errors: &mut Diagnostics) -> bool {
    let attribute = role.attribute();
    let attribute = attribute.trim_end_matches(']');
    let own = std::env::var("CARGO_PKG_NAME").unwrap_or_default().replace('-', "_");
    let what = match name.to_string() {
        word if PRIMITIVES.split(' ').any(|primitive| word == primitive) => format!("the built-in `{word}`"),
        word if word == own => format!("the crate `{word}`"),
        _ => return true,
    };
    errors.error(
        name.span(),
        format!("a stage named `{name}` would hide {what} in this module; rename the function, or its type: `{attribute}(as = Name)]`"),
    );
    false
}

/// The parameters' attributes.
pub(crate) fn attributes(sig: &Signature, role: Role, errors: &mut Diagnostics) {
    for (i, arg) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(arg) = arg else { continue };
        for attr in &arg.attrs {
            let text = if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
                "a stage has the same parameters in every configuration: write two functions, each with its `#[cfg]`"
                    .to_owned()
            } else if !ast::is_state(attr) {
                continue;
            } else if i == 0 && role != Role::Producer {
                "the first parameter is the event: `#[state]` goes on a `&mut` parameter behind it".to_owned()
            } else if !matches!(plain(&arg.ty), Type::Reference(reference) if reference.mutability.is_some()) {
                format!("`#[state]` is for what the stage keeps: write `&mut {}`", spell(bare(&arg.ty)))
            } else if ast::init(attr).is_none() {
                "expected `#[state]` or `#[state(init = ..)]`".to_owned()
            } else {
                continue;
            };
            errors.push(syn::Error::new_spanned(attr, text));
        }
    }
}

fn bare(ty: &Type) -> &Type {
    if let Type::Reference(reference) = plain(ty) { plain(&reference.elem) } else { ty }
}

/// The event's parameter.
pub(crate) fn event(ty: &Type, sig: &Signature, stage: &Stage, errors: &mut Diagnostics) {
    let inner = ast::lent(ty).map_or(plain(ty), |reference| plain(&reference.elem));
    let spelled = spell(inner);
    if let Some(reference) = ast::lent(ty) {
        if let Some(mutability) = &reference.mutability {
            let text = behind_state(sig).unwrap_or_else(|| {
                format!(
                    "an event is taken by value or as `&{spelled}`; to change it, take it by value: `mut event: {spelled}`"
                )
            });
            return errors.error(mutability.span, text);
        }
        let owned = match inner {
            Type::Path(path) if path.path.is_ident("str") => Some("String".to_owned()),
            Type::Path(path) if path.path.is_ident("Path") => Some("PathBuf".to_owned()),
            Type::Slice(slice) if stage.options.batch.is_none() => Some(format!("Vec<{}>", spell(&*slice.elem))),
            Type::TraitObject(_) => Some(format!("Box<{spelled}>")),
            _ => None,
        };
        if let Some(owned) = owned {
            let batch = if matches!(inner, Type::Slice(_)) {
                "; for a batch of events, write the option `batch(size, every)`"
            } else {
                ""
            };
            let text = format!(
                "events must own their data; `{}` borrows: take `&{owned}` or `{owned}`{batch}",
                spell(plain(ty))
            );
            return errors.push(syn::Error::new_spanned(plain(ty), text));
        }
    }
    if stage.options.batch.is_some() && !matches!(stage.by, By::Batch | By::Slice) {
        errors
            .push(syn::Error::new_spanned(ty, format!("a batch of events is a `Vec<{spelled}>` or a `&[{spelled}]`")));
    } else {
        owned("events", inner, errors);
    }
}

/// `(sum: &mut u64, n: u64)`: the state stands before the event, so another parameter is no `&mut`.
fn behind_state(sig: &Signature) -> Option<String> {
    let stays = |arg: &&FnArg| match arg {
        FnArg::Typed(arg) => !matches!(plain(&arg.ty), Type::Reference(it) if it.mutability.is_some()),
        FnArg::Receiver(_) => false,
    };
    let event = sig.inputs.iter().skip(1).find(stays)?;
    let others = sig.inputs.iter().filter(|arg| !std::ptr::eq(*arg, event));
    let all: Vec<String> = std::iter::once(event).chain(others).map(|arg| written(&arg.to_token_stream())).collect();
    let all = all.join(", ");
    Some(format!("the event is the first parameter: `({all})`; to change an event, take it by value"))
}

/// The other parameters. `false`: what the function returns cannot be judged.
pub(crate) fn parameters(stage: &Stage, errors: &mut Diagnostics) -> bool {
    let mut clear = true;
    for parameter in &stage.parameters {
        let ty = &parameter.ty;
        match parameter.kind {
            Kind::Event | Kind::Demand => {}
            Kind::Emitter => owned("events", ty, errors),
            Kind::State | Kind::Fresh(_) => owned("a stage's state", ty, errors),
            Kind::Shared | Kind::Config => owned("the arguments of a stage", ty, errors),
        }
        let special = match parameter.kind {
            Kind::Config if arguments(ty, "Demand").is_some_and(|args| args.is_empty()) => "Demand",
            Kind::Config | Kind::Shared | Kind::State
                if arguments(ty, "Emitter").is_some_and(|args| args.len() == 1) =>
            {
                "Emitter"
            }
            _ => continue,
        };
        let text = match stage.role {
            Role::Producer => format!("take the `{special}` by value"),
            role if special == "Emitter" => {
                format!("only a `#[producer]` takes an `Emitter`: {} emits what it returns", role.attribute())
            }
            role => format!("only a `#[producer]` takes a `{special}`: {} emits what it returns", role.attribute()),
        };
        errors.push(syn::Error::new_spanned(ty, text));
        clear = false;
    }
    let mut special =
        stage.parameters.iter().filter(|parameter| matches!(parameter.kind, Kind::Demand | Kind::Emitter));
    if let (Some(_), Some(second)) = (special.next(), special.next()) {
        errors.error(second.ty.span(), "a producer answers to one `Demand`, or pushes into one `Emitter`");
        clear = false;
    }
    if let (Some((batch, ..)), Role::Producer) = (&stage.options.batch, stage.role) {
        errors.error(batch.span(), "`batch` is for stages that take events: a `#[producer]` takes none");
    }
    clear
}

/// What comes back.
pub(crate) fn returns(output: &ReturnType, stage: &Stage, errors: &mut Diagnostics) {
    let (name, returns) = (&stage.function, &stage.returns);
    let unit = returns.shape == Shape::Unit;
    let at = match output {
        ReturnType::Default => name.to_token_stream(),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let emitter = stage.parameters.iter().any(|parameter| matches!(parameter.kind, Kind::Emitter));
    let polled = stage.parameters.iter().any(|parameter| matches!(parameter.kind, Kind::Demand));
    match stage.role {
        Role::Consumer if !unit && !alias_of_nothing(output) => {
            let text = format!(
                "a consumer returns nothing or `Result<(), Error>`, but `{name}` returns `{}`; did you mean `#[producer_consumer]`?",
                spelled(output)
            );
            return errors.push(syn::Error::new_spanned(at, text));
        }
        Role::ProducerConsumer if unit => {
            let text = format!(
                "`{name}` returns nothing: a producer-consumer must return the events it emits; did you mean `#[consumer]`?"
            );
            return errors.push(syn::Error::new_spanned(at, text));
        }
        Role::Producer if emitter && !unit => {
            let text = format!(
                "`{name}` emits through its `Emitter`: it returns nothing, or `Result<(), Error>` to end with an error"
            );
            return errors.push(syn::Error::new_spanned(at, text));
        }
        Role::Producer if emitter && !stage.is_async => {
            let text = format!("`{name}` must be an `async fn`: `emit` waits for demand");
            return errors.error(name.span(), text);
        }
        Role::Producer if emitter => {}
        Role::Producer if unit => {
            let text = format!(
                "`{name}` returns nothing: a producer returns its events (`impl Iterator<Item = T>`, `impl Stream<Item = T>`, `Vec<T>`), or puts them into an `Emitter<T>` it takes"
            );
            return errors.push(syn::Error::new_spanned(at, text));
        }
        Role::Producer if !polled && returns.shape == Shape::Maybe && stage.options.read.is_none() => {
            let text = format!(
                "`{name}` is called once, for one event or none: to be called for each event let it take a `Demand`, or an `Emitter`; \
                 for all of them at once return `impl Iterator<Item = T>`; if one is meant, write `#[producer(maybe)]`"
            );
            return errors.push(syn::Error::new_spanned(at, text));
        }
        Role::Producer if polled => {
            let list = matches!(returns.shape, Shape::List | Shape::Lists) || stage.options.read.is_some();
            if !list || returns.inner {
                let text = format!(
                    "a producer that takes a `Demand` returns `Vec<T>`, `Option<Vec<T>>` (`None` ends it), or a `Result` of these; `{name}` returns `{}`",
                    spelled(output)
                );
                return errors.push(syn::Error::new_spanned(at, text));
            }
        }
        _ => {}
    }
    if let ReturnType::Type(_, ty) = output
        && stage.role != Role::Consumer
        && !emitter
    {
        let item: Option<Type> = syn::parse2(returns.event.clone()).ok();
        if item
            .is_some_and(|item| !matches!(&item, Type::Path(path) if path.qself.is_some()) && borrowed(&item).is_some())
        {
            errors.error(
                borrowed(ty).unwrap_or(returns.span),
                format!("events must own their data; `{}` borrows{}", spell(&returns.event), instead(&returns.event)),
            );
        }
    }
}

/// What to return in the place of a borrow.
fn instead(event: &TokenStream) -> String {
    let Ok(Type::Reference(reference)) = syn::parse2(event.clone()) else { return String::new() };
    match plain(&reference.elem) {
        Type::Path(path) if path.path.is_ident("str") => ": return a `String`, or a `&'static str`".into(),
        Type::Slice(slice) => format!(": return a `Vec<{}>`", spell(&*slice.elem)),
        owned => format!(": return `{}`", spell(owned)),
    }
}

/// A reference comes back and none goes in: the compiler would ask for a lifetime, and there is none to give.
pub(crate) fn no_lifetime(sig: &Signature) -> bool {
    let ReturnType::Type(_, ty) = &sig.output else { return false };
    let lends = |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if "&'".contains(sign.as_char()));
    fn any(tokens: TokenStream, lends: &dyn Fn(&TokenTree) -> bool) -> bool {
        tokens.into_iter().any(|token| match &token {
            TokenTree::Group(group) => any(group.stream(), lends),
            token => lends(token),
        })
    }
    let given = any(sig.inputs.to_token_stream(), &lends) || any(sig.generics.to_token_stream(), &lends);
    !given && matches!(plain(ty), Type::Reference(reference) if reference.lifetime.is_none())
}

/// The same for the compiler, without what it would say besides: the borrow, and the body that gives it.
pub(crate) fn without_a_loan(function: &Function) -> TokenStream {
    let Function { attrs, vis, sig, .. } = function;
    let mut owned = sig.clone();
    owned.output = ReturnType::Default;
    quote_spanned! {ours()=>
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            #function
        };
        #[allow(unused)] #(#attrs)* #vis #owned {}
    }
}

/// `fmt::Result` and the like: what it is a `Result` of cannot be seen.
fn alias_of_nothing(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return true };
    arguments(plain(ty), "Result").is_some_and(|args| args.is_empty())
}

fn spelled(output: &ReturnType) -> String {
    match output {
        ReturnType::Default => "()".to_owned(),
        ReturnType::Type(_, ty) => spell(ty),
    }
}

fn owned(what: &str, ty: &Type, errors: &mut Diagnostics) {
    if let Some(at) = borrowed(ty) {
        errors.error(
            at,
            format!("{what} must own their data; `{}` borrows", spell(ty))
                .replace("state must own their", "state must own its"),
        );
    }
}

/// The text behind an attribute that is not on a function.
pub(crate) fn not_a_function(item: &TokenStream, role: Role) -> Option<(Span, String)> {
    let parsed: syn::Item = syn::parse2(item.clone()).ok()?;
    let (what, at) = match &parsed {
        syn::Item::Fn(_) => return None,
        syn::Item::Struct(item) => ("a struct", item.ident.span()),
        syn::Item::Enum(item) => ("an enum", item.ident.span()),
        syn::Item::Impl(item) => ("an impl", item.impl_token.span),
        syn::Item::Mod(item) => ("a module", item.ident.span()),
        syn::Item::Trait(item) => ("a trait", item.ident.span()),
        other => (
            "an item that is no function",
            other.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span()),
        ),
    };
    Some((at, format!("{} on {what}: a stage is a function", role.attribute())))
}
