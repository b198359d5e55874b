//! From a graph of names to stages, tied together.

use std::any::Any;
use std::collections::{HashMap, HashSet};

use super::any_node::{AnyNode, Outward, Standing};
use super::ends::{At, Hook};
use super::graph::{Graph, Link};
use crate::options::Edge;
use crate::outline::{GraphError, Mistake};
use crate::stage::Stage;

/// The outlets of the node whose end is open, a `SharedOutlets`.
type Tail = Option<Box<dyn Any>>;

impl<A: ?Sized> Graph<'_, A> {
    /// The stages. `head` are outlets that lead into one of them, `tail` is the node whose outlets are wanted.
    pub(super) fn place(
        self,
        head: Option<(usize, &dyn Any)>,
        tail: Option<usize>,
    ) -> Result<(Vec<Stage>, Tail), GraphError> {
        let mut caught: HashSet<usize> = HashSet::new();
        let routed = self.routes.iter().map(|route| route.from);
        for end in self.links.iter().map(|link| link.from).chain(routed).chain(self.discards.iter().copied()) {
            caught.extend(end.errors.then_some(end.node));
        }
        let uncaught = self.nodes.iter().enumerate().filter(|(at, _)| !caught.contains(at));
        let unsettled: Vec<Mistake> = uncaught.filter_map(|(_, node)| node.unsettled()).collect();
        if !unsettled.is_empty() {
            return Err(GraphError::new(unsettled));
        }
        let mut legs = HashMap::<At, usize>::new();
        for link in self.links.iter().filter(|link| link.hook == Hook::Bare) {
            *legs.entry(link.from).or_default() += 1;
        }
        let copier = |link: &Link| {
            let broadcasts = link.hook == Hook::Bare && legs[&link.from] > 1;
            broadcasts.then(|| self.copies(link)).transpose()
        };
        let copiers = self.links.iter().map(copier).collect::<Result<Vec<_>, _>>()?;

        let place = |(at, node): (usize, AnyNode)| node.erased.place(node.options, caught.contains(&at));
        let standing: Vec<Standing> = self.nodes.into_iter().enumerate().map(place).collect();
        let end = |at: At| match &standing[at.node] {
            Standing { errors: Some(errors), .. } if at.errors => &**errors,
            standing => &*standing.outlets,
        };
        let lists: Vec<usize> = self.lists.iter().map(|list| end(list.from).list(list.key)).collect();
        let mut cases: Vec<Vec<Box<dyn Outward>>> = Vec::new();
        for route in &self.routes {
            let ends = end(route.from).cases(route.find, &route.names);
            route.discards.iter().for_each(|&case| ends[case].discard());
            cases.push(ends);
        }
        self.discards.iter().for_each(|&discard| end(discard).discard());
        let mut backs = Vec::new();
        for (link, copier) in self.links.iter().zip(copiers) {
            let Some(intake) = &standing[link.to].intake else { continue };
            let (outlets, list) = match link.hook {
                Hook::Bare => (end(link.from).outlets(), None),
                Hook::List(list) => (end(link.from).outlets(), Some(lists[list])),
                Hook::Case(route, case) => (cases[route][case].outlets(), None),
            };
            match link.back {
                Some(back) => backs.push(intake.back(outlets, list, link.edge, copier, back)),
                None => intake.connect(outlets, list, link.edge, copier),
            }
        }
        if let Some((first, head)) = head
            && let Some(intake) = &standing[first].intake
        {
            intake.connect(head, None, Edge::new(), None);
        }
        let tail = tail.map(|tail| standing[tail].outlets.shared());
        let stages = standing.into_iter().map(|standing| standing.stage).chain(backs).collect();
        Ok((stages, tail))
    }
}
