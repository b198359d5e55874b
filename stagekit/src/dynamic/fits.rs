//! Whether an edge can be: what is there under a name, and what travels.

use std::any::Any;

use super::any_node::AnyNode;
use super::ends::{At, End, Hook, To};
use super::graph::{Graph, Link};
use super::kinds::unknown;
use super::types::TypeOf;
use crate::options::{Edge, Overflow};
use crate::outline::{GraphError, Mistake, text};

impl<'k, A: ?Sized> Graph<'k, A> {
    /// A key or a route, if it is one of the events that leave here.
    pub(super) fn of_the_event(
        &self,
        from: At,
        name: &str,
        (of, found): (TypeOf, &'k dyn Any),
    ) -> Result<&'k dyn Any, GraphError> {
        let emits = self.emits(from)?;
        if of.id != emits.id {
            return Err(text::event(&self.label(from), &emits.text(), name, &of.text()).into());
        }
        Ok(found)
    }

    /// Edges on one hook, all or none.
    pub(super) fn tie(&mut self, from: At, hook: Hook, to: &[To<'_>], edge: Edge) -> Result<(), GraphError> {
        let mut links: Vec<Link> = Vec::new();
        for to in to {
            let (at, back) = (self.find(to.name)?, to.back);
            self.fits(from, at)?;
            match back {
                Some((0, _)) => return Err(text::no_room(to.name).into()),
                Some((_, Overflow::Wait)) => return Err(text::waits_for_itself(to.name).into()),
                _ => {}
            }
            let is_same = |link: &&Link| (link.from, link.hook, link.to) == (from, hook, at);
            if let Some(other) = self.links.iter().chain(&links).find(is_same)
                && other.back.is_some() == back.is_some()
            {
                return Err(text::twice(&self.label(from), to.name).into());
            }
            links.push(Link { from, hook, to: at, back, edge });
        }
        let legs: Vec<&Link> =
            self.links.iter().chain(&links).filter(|link| link.from == from && link.hook == Hook::Bare).collect();
        if hook == Hook::Bare && legs.len() > 1 {
            legs.into_iter().try_for_each(|leg| self.copies(leg).map(|_| ()))?;
        }
        self.links.append(&mut links);
        Ok(())
    }

    pub(super) fn find(&self, name: &str) -> Result<usize, GraphError> {
        let known = || self.nodes.iter().map(AnyNode::name);
        self.names.get(name).copied().ok_or_else(|| unknown(name, "node", name, known()))
    }

    pub(super) fn at(&self, end: End<'_>) -> Result<At, GraphError> {
        Ok(At { node: self.find(end.name)?, errors: end.errors })
    }

    pub(super) fn label(&self, at: At) -> String {
        let name = self.nodes[at.node].name();
        if at.errors { format!("Else<{name}>") } else { name.to_owned() }
    }

    /// What leaves by an end.
    pub(super) fn emits(&self, at: At) -> Result<TypeOf, Mistake> {
        let node = &self.nodes[at.node];
        if at.errors {
            node.fails.ok_or_else(|| text::cannot_fail(node.name()))
        } else {
            node.emits.ok_or_else(|| text::after_a_consumer(node.name()))
        }
    }

    pub(super) fn fits(&self, from: At, to: usize) -> Result<(), Mistake> {
        let (emits, up, down) = (self.emits(from)?, self.label(from), &self.nodes[to]);
        match down.takes {
            None => Err(text::takes_no_events(down.name(), &up)),
            Some(takes) if takes.id != emits.id => Err(text::event(&up, &emits.text(), down.name(), &takes.text())),
            Some(_) => Ok(()),
        }
    }

    /// How a leg of a broadcast gets its events. What goes back belongs to nobody else.
    pub(super) fn copies(&self, link: &Link) -> Result<&'k dyn Any, Mistake> {
        let (emits, up, leg) = (self.emits(link.from)?, self.label(link.from), &self.nodes[link.to]);
        self.kinds.way(emits.id, leg.borrows && link.back.is_none()).ok_or_else(|| {
            let event = emits.text();
            let (wrong, say) = match link.back {
                Some(_) => (text::cannot_go_back(&up, leg.name(), &event), "clones"),
                None if leg.borrows => (text::is_not_sync(&up, leg.name(), &event), "lends"),
                None => (text::cannot_be_cloned(&up, leg.name(), &event), "clones"),
            };
            wrong.also(format!("if it can, tell the kinds: `kinds.{say}::<{event}>()`"))
        })
    }
}
