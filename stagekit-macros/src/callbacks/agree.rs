//! Whether the callbacks make one stage: what it takes, what it emits, and which of them can ever be called.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{GenericParam, Type};

use super::ast::{Callback, Impl, Kind, Stage};
use super::options::Options;
use crate::diagnostic::{Diagnostics, spell};
use crate::stage::shape::arguments;
use crate::types::{borrowed, short};

/// The stage that the callbacks describe.
pub(crate) fn agree(of: Impl, options: Options, callbacks: Vec<Callback>, errors: &mut Diagnostics) -> Stage {
    let owned = owned(&of, errors);
    let find = |kind: Kind| callbacks.iter().find(|callback| callback.kind == kind);
    let (event, events, demand) = (find(Kind::Event), find(Kind::Events), find(Kind::Demand));
    if let (Some(event), Some(events)) = (event, events) {
        let later = if callbacks.iter().position(|c| c.kind == Kind::Event)
            < callbacks.iter().position(|c| c.kind == Kind::Events)
        {
            events
        } else {
            event
        };
        errors.error(
            later.name.span(),
            "events come one by one (`on_event`) or as they were sent (`on_events`): keep one of the two",
        );
    }
    if let (Some(demand), Some(_)) = (demand, event.or(events)) {
        let text = "a producer-consumer's demand is handled for it: remove `on_demand`, or what takes events";
        errors.error(demand.name.span(), text);
    }
    let takes = one_type("takes", options.takes.as_ref(), taken(&callbacks), errors);
    let emits = one_type("emits", options.emits.as_ref(), emitted(&callbacks), errors);
    let info = find(Kind::Info).and_then(|info| info.main.clone());
    let stage = Stage { of, options, callbacks, takes, emits, info, owned };
    // A callback that was not understood may be the one that is missing.
    if errors.is_empty() {
        called(&stage, errors);
    }
    stage
}

/// The type goes to a task of its own.
fn owned(of: &Impl, errors: &mut Diagnostics) -> bool {
    let param = of.generics.params.iter().find(|param| matches!(param, GenericParam::Lifetime(_)));
    let Some(at) = param.map(Spanned::span).or_else(|| borrowed(&of.ty)) else { return true };
    errors.error(at, format!("a stage must own its data, for it has a task of its own; `{}` borrows", spell(&of.ty)));
    false
}

/// A type, who says it, and how.
type Said<'a> = (&'a Type, &'a Callback, &'static str);

/// Who says what the stage takes, the most certain first.
fn taken(callbacks: &[Callback]) -> Vec<Said<'_>> {
    let events = callbacks.iter().filter(|c| matches!(c.kind, Kind::Event | Kind::Events));
    let events = events.filter_map(|c| Some((c.main.as_ref()?, c, "takes")));
    let options = callbacks.iter().filter(|c| c.kind == Kind::Subscribe);
    events.chain(options.filter_map(|c| Some((c.subscribe()?, c, "has options for")))).collect()
}

/// Who says what the stage emits, the most certain first.
fn emitted(callbacks: &[Callback]) -> Vec<Said<'_>> {
    let main = |c: &&Callback| matches!(c.kind, Kind::Demand | Kind::Event | Kind::Events);
    let returned = |c: &'_ Callback| c.emits.is_some();
    let (first, then): (Vec<_>, Vec<_>) = callbacks.iter().filter(|c| returned(c)).partition(main);
    let returned = first.into_iter().chain(then).filter_map(|c| Some((c.emits.as_ref()?, c, "emits")));
    let contexts = callbacks.iter().filter_map(|c| Some((c.context()?, c, "has a `Context` for")));
    let discarded = callbacks.iter().filter(|c| c.kind == Kind::Discarded);
    let discarded = discarded.filter_map(|c| Some((c.main.as_ref()?, c, "takes")));
    let options = callbacks.iter().filter(|c| c.kind == Kind::Subscriber);
    let options = options.filter_map(|c| Some((c.subscribe()?, c, "has options for")));
    returned.chain(contexts).chain(discarded).chain(options).collect()
}

/// The one type that they all say. With an option only the compiler can tell whether they are the same.
fn one_type(option: &str, given: Option<&Type>, said: Vec<Said<'_>>, errors: &mut Diagnostics) -> Option<Type> {
    let first = said.first();
    if let (None, Some((norm, first, how))) = (given, first)
        && let Some((other, callback, also)) = said[1..].iter().find(|(other, ..)| !same(norm, other))
    {
        let (norm, other_text) = (spell(norm), spell(*other));
        let (first, callback) = (first.kind.name(), callback.kind.name());
        let text = format!(
            "`{callback}` {also} `{other_text}`, but `{first}` {how} `{norm}`: a stage {option} events of one type \
             (if it is the same type by another name, write `#[stage({option} = {norm})]`)"
        );
        errors.push(syn::Error::new_spanned(other, text));
    }
    let ty = given.or(first.map(|(ty, ..)| *ty))?;
    // Whoever writes `NoEvents` says that there are none.
    (!arguments(ty, "NoEvents").is_some_and(|args| args.is_empty())).then(|| ty.clone())
}

/// The types are written the same, but perhaps for where they are.
fn same(a: &Type, b: &Type) -> bool {
    let short = |ty: &Type| short(ty.to_token_stream()).to_string();
    short(a) == short(b)
}

/// Every callback is called by somebody, and somebody calls one.
fn called(stage: &Stage, errors: &mut Diagnostics) {
    let callbacks = &stage.callbacks;
    if callbacks.is_empty() {
        let text = "no callback here: a producer has `fn on_demand(&mut self, demand: Demand) -> Vec<T>`, \
                    what takes events has `fn on_event(&mut self, event: E)`";
        return errors.push(syn::Error::new_spanned(&stage.of.ty, text));
    }
    let handles = callbacks.iter().any(|c| matches!(c.kind, Kind::Event | Kind::Events));
    if let (Some(ty), false) = (&stage.options.takes, handles) {
        let text = "what takes events has `on_event` or `on_events`: add one, or remove `takes`";
        return errors.push(syn::Error::new_spanned(ty, text));
    }
    if !handles && stage.emits.is_none() {
        let emitted = "return events, or take a `&mut Context<T>`";
        let (at, text): (Span, _) = match callbacks.iter().find(|c| c.kind == Kind::Demand) {
            Some(demand) => (demand.name.span(), format!("this `on_demand` emits nothing: {emitted}")),
            None => {
                let text = format!(
                    "this stage neither takes nor emits events: add `on_event` or `on_demand`, or {emitted} (all its callbacks stand in one `impl`)"
                );
                return errors.push(syn::Error::new_spanned(&stage.of.ty, text));
            }
        };
        return errors.error(at, text);
    }
    for callback in callbacks {
        let name = callback.kind.name();
        let text = match callback.kind {
            Kind::Subscribe if !handles => {
                format!("`{name}` is never called, for this stage takes no events: did you mean `on_subscriber`?")
            }
            Kind::Cancel if !handles => {
                format!(
                    "`{name}` is never called, for this stage takes no events: did you mean `on_subscriber_cancel`?"
                )
            }
            Kind::Subscriber if stage.emits.is_none() => {
                format!("`{name}` is never called, for this stage emits no events: did you mean `on_subscribe`?")
            }
            Kind::SubscriberCancel if stage.emits.is_none() => {
                format!("`{name}` is never called, for this stage emits no events: did you mean `on_cancel`?")
            }
            Kind::Discarded if stage.emits.is_none() => {
                format!("`{name}` is never called, for this stage emits no events: remove it")
            }
            _ => continue,
        };
        errors.error(callback.name.span(), text);
    }
}
