//! Pictures of a graph: as an SVG laid out by our own hand, as Mermaid, as DOT, and as a tree of text.
//!
//! This folder imports nothing, for it has two readers: `stagekit`, which draws a pipeline with all its types, and
//! `stagekit-macros`, which draws for `cargo doc` what the text of a `pipeline!` says. A crate of macros can export no
//! library, so that one contains this folder by a relative link, `src/picture`; cargo packages what a link leads to, so
//! either crate can be published by itself, and there is one source.

mod dot;
mod heights;
mod layers;
mod layout;
mod mermaid;
mod order;
mod svg;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use dot::dot;
pub(crate) use mermaid::mermaid;
pub(crate) use svg::{Ground, svg};
pub(crate) use tree::tree;

/// What is to be drawn. Total: whatever is in it is drawn somehow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Picture {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) edges: Vec<Edge>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Producer,
    ProducerConsumer,
    Consumer,
    /// `..`
    Open,
    /// `_`
    Discard,
}

#[derive(Clone, Debug)]
pub(crate) struct Vertex {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The name it is bound to with `let`.
    pub(crate) bound: Option<String>,
    /// The closure, as it was written.
    pub(crate) text: Option<String>,
    /// `workers(4)`
    pub(crate) options: Vec<String>,
    pub(crate) takes: Option<String>,
    pub(crate) emits: Option<String>,
    pub(crate) fails: Option<String>,
    /// `src/main.rs:7:12`
    pub(crate) place: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `=>`
    Subscription,
    /// `->`
    Fused,
    /// `=> feedback(n)`
    Feedback,
}

/// How the events of an end are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fan {
    One,
    All,
    Any,
    By,
    Match,
}

#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    /// It leads from the stage's `else`.
    pub(crate) errors: bool,
    pub(crate) to: usize,
    pub(crate) way: Way,
    pub(crate) fan: Fan,
    /// The legs of one `any`, `by` or `match` have one number.
    pub(crate) group: usize,
    /// What `by` partitions by.
    pub(crate) key: Option<String>,
    /// The pattern of a `match`, or what feedback is bounded by.
    pub(crate) label: Option<String>,
    /// What travels along it, if that is not what its end says.
    pub(crate) event: Option<String>,
    /// The options of this subscription alone.
    pub(crate) options: Vec<String>,
}

/// Where events leave a stage, and the edges they leave by.
pub(crate) struct End {
    pub(crate) vertex: usize,
    pub(crate) errors: bool,
    pub(crate) edges: Vec<usize>,
}

impl Vertex {
    /// `sum = add`
    pub(crate) fn title(&self) -> String {
        match &self.bound {
            Some(bound) if *bound != self.name => format!("{bound} = {}", self.name),
            _ => self.name.clone(),
        }
    }

    /// What stands small below the title.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.text.iter().map(|text| clipped(text, 34)).collect();
        let mut line = String::new();
        for option in &self.options {
            let option = clipped(option, 34);
            if !line.is_empty() && width(&line) + width(&option) + 1 > 28 {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&option);
        }
        lines.extend(Some(line).filter(|line| !line.is_empty()));
        lines
    }

    /// Everything that is known of it, in words.
    fn words(&self) -> String {
        let role = match self.kind {
            Kind::Producer => "producer",
            Kind::ProducerConsumer => "producer_consumer",
            Kind::Consumer => "consumer",
            Kind::Open => return "the open end".into(),
            Kind::Discard => return "the events are discarded".into(),
        };
        let mut words = format!("{} ({role})", self.title());
        let facts = [("takes", &self.takes), ("emits", &self.emits), ("fails with", &self.fails)];
        for (verb, of) in facts {
            if let Some(of) = of {
                words.push_str(&format!("\n{verb} {of}"));
            }
        }
        for line in self.text.iter().chain(&self.options).chain(&self.place) {
            words.push_str(&format!("\n{line}"));
        }
        words
    }
}

impl Edge {
    /// The same, out of a branch of a `match`: how that shares out what it gets is said at each of its edges.
    pub(crate) fn out_of(self, pattern: &str) -> Self {
        let inner = match self.fan {
            Fan::Any | Fan::By => format!(" {}", word(self.fan, self.key.as_deref())),
            _ => String::new(),
        };
        let label = self.label.map(|label| format!(" => {label}")).unwrap_or_default();
        let label = Some(format!("{pattern}{inner}{label}"));
        Edge { fan: Fan::Match, key: None, group: usize::MAX, label, ..self }
    }
}

impl Picture {
    /// The ends that edges leave by: of each stage its events, then its errors.
    pub(crate) fn ends(&self) -> Vec<End> {
        let mut ends: Vec<End> = Vec::new();
        for at in 0..2 * self.vertices.len() {
            ends.push(End { vertex: at / 2, errors: at % 2 == 1, edges: Vec::new() });
        }
        for (at, edge) in self.edges.iter().enumerate() {
            ends[2 * edge.from + usize::from(edge.errors)].edges.push(at);
        }
        ends.retain(|end| !end.edges.is_empty());
        ends
    }

    /// What travels along an edge.
    fn event<'a>(&'a self, edge: &'a Edge) -> Option<&'a str> {
        let of = &self.vertices[edge.from];
        let own = if edge.errors { &of.fails } else { &of.emits };
        edge.event.as_ref().or(own.as_ref()).map(String::as_str)
    }

    /// The word for how an end shares out its events; none if it does not.
    fn mode(&self, end: &End) -> Option<String> {
        let first = &self.edges[end.edges[0]];
        let several = end.edges.iter().any(|&edge| self.edges[edge].group != first.group);
        match first.fan {
            _ if several => Some("all".into()),
            Fan::One => (end.edges.len() > 1).then(|| "all".into()),
            fan => Some(word(fan, first.key.as_deref())),
        }
    }

    /// What is written at one leg: its pattern, its own way of sharing where its end does it in several, its options.
    fn leg(&self, end: &End, edge: usize) -> Option<String> {
        let edge = &self.edges[edge];
        let label = self.branch(end, edge).map(|label| match &edge.event {
            Some(event) => format!("{} · {}", clipped(&label, 40), clipped(event, 16)),
            None => label,
        });
        let words: Vec<String> = label.into_iter().chain(edge.options.iter().cloned()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The same without its options.
    fn branch(&self, end: &End, edge: &Edge) -> Option<String> {
        let several = end.edges.iter().any(|&other| self.edges[other].group != edge.group);
        let own = several && matches!(edge.fan, Fan::Any | Fan::By | Fan::Match);
        let words: Vec<String> =
            own.then(|| word(edge.fan, edge.key.as_deref())).into_iter().chain(edge.label.clone()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// What Mermaid and Graphviz write at an edge.
    fn caption(&self, edge: &Edge) -> String {
        let fan = matches!(edge.fan, Fan::Any | Fan::By | Fan::Match).then(|| word(edge.fan, edge.key.as_deref()));
        let event = self.event(edge).map(|event| clipped(event, 40));
        let otherwise = edge.errors.then(|| "else".into());
        let words: Vec<String> = otherwise
            .into_iter()
            .chain(fan)
            .chain(edge.label.clone())
            .chain(event)
            .chain(edge.options.clone())
            .collect();
        words.join(" · ")
    }

    /// The runs of fused stages, every other stage for itself.
    fn runs(&self) -> Vec<Vec<usize>> {
        let (mut next, mut is_inside) = (vec![None; self.vertices.len()], vec![false; self.vertices.len()]);
        for edge in self.edges.iter().filter(|edge| edge.way == Way::Fused) {
            next[edge.from] = next[edge.from].or(Some(edge.to));
            is_inside[edge.to] = true;
        }
        let mut runs: Vec<Vec<usize>> = Vec::new();
        let mut is_placed = vec![false; self.vertices.len()];
        // A circle of them has no head; the compiler has said so.
        let heads = (0..self.vertices.len()).filter(|&vertex| !is_inside[vertex]);
        for head in heads.chain(0..self.vertices.len()) {
            let (mut run, mut at) = (Vec::new(), Some(head));
            while let Some(vertex) = at.filter(|&vertex| !is_placed[vertex]) {
                is_placed[vertex] = true;
                run.push(vertex);
                at = next[vertex].filter(|_| !is_inside[head]);
            }
            runs.extend((!run.is_empty()).then_some(run));
        }
        runs
    }
}

fn word(fan: Fan, key: Option<&str>) -> String {
    match (fan, key) {
        (Fan::One | Fan::All, _) => "all".into(),
        (Fan::Any, _) => "any".into(),
        (Fan::By, Some(key)) => format!("by {}", clipped(key, 30)),
        (Fan::By, None) => "by".into(),
        (Fan::Match, _) => "match".into(),
    }
}

/// How many columns a text takes: twice as many for what is written wide.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{1f000}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}

/// On one line, and not wider than `columns`.
fn clipped(text: &str, columns: usize) -> String {
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ");
    if width(&text) <= columns {
        return text;
    }
    let mut short = String::new();
    for c in text.chars() {
        if width(&short) + width(c.encode_utf8(&mut [0; 4])) + 1 > columns {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}
