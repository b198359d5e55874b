//! The graph as text, in the manner of the program: a line for each stage, branches indented, on the right what the
//! stage emits.

use super::{Edge, End, Kind, Picture, Way, clipped, width};

/// The tree, without a line break at its end.
pub(crate) fn tree(picture: &Picture) -> String {
    let mut tree = Tree { picture, seen: vec![false; picture.vertices.len()], lines: Vec::new() };
    let fed = |vertex: usize| picture.edges.iter().any(|edge| edge.to == vertex && edge.way != Way::Feedback);
    for vertex in 0..picture.vertices.len() {
        if !fed(vertex) {
            tree.path(To(vertex, String::new()), String::new(), String::new(), String::new());
        }
    }
    // What only leads to itself.
    for vertex in 0..picture.vertices.len() {
        if !tree.seen[vertex] {
            tree.path(To(vertex, String::new()), String::new(), String::new(), String::new());
        }
    }
    let column = tree.lines.iter().filter(|line| !line.1.is_empty()).map(|line| width(&line.0)).max().unwrap_or(0);
    let aligned = |(left, right): &(String, String)| match right.as_str() {
        "" => left.clone(),
        right => format!("{left}{}{right}", " ".repeat(column - width(left) + 3)),
    };
    tree.lines.iter().map(aligned).collect::<Vec<_>>().join("\n")
}

struct Tree<'a> {
    picture: &'a Picture,
    seen: Vec<bool>,
    /// What stands left, and right.
    lines: Vec<(String, String)>,
}

impl Tree<'_> {
    fn label(&self, vertex: usize) -> String {
        let of = &self.picture.vertices[vertex];
        let mut label = clipped(&of.title(), 60);
        if let Some(text) = &of.text {
            // An expression names its stage itself.
            let names = text.contains(&of.name) && !text.starts_with('|') && !text.starts_with("move ");
            let text = clipped(text, 48);
            label = if names { text } else { format!("{label} {text}") };
        }
        for option in &of.options {
            label.push_str(&format!(".{}", clipped(option, 48)));
        }
        label
    }

    /// A stage and what follows it. `first` is before its own line, `rest` before those below it.
    fn path(&mut self, to: To, first: String, lead: String, rest: String) {
        let picture = self.picture;
        let (To(mut vertex, mut options), mut first, mut lead) = (to, first, lead);
        loop {
            let of = &picture.vertices[vertex];
            if std::mem::replace(&mut self.seen[vertex], true) && !matches!(of.kind, Kind::Discard | Kind::Open) {
                let name = clipped(of.bound.as_ref().unwrap_or(&of.name), 60);
                self.lines.push((format!("{first}{lead}{name}{options} (above)"), String::new()));
                return;
            }
            let emits = of.emits.clone().filter(|_| of.kind != Kind::Consumer).unwrap_or_default();
            self.lines.push((format!("{first}{lead}{}{options}", self.label(vertex)), clipped(&emits, 60)));
            let ends: Vec<End> = picture.ends().into_iter().filter(|end| end.vertex == vertex).collect();
            for end in ends.iter().filter(|end| end.errors) {
                let word = match &of.fails {
                    Some(error) => format!("else {} ", clipped(error, 40)),
                    None => "else ".into(),
                };
                self.end(end, format!("{rest}   "), &word);
            }
            let Some(end) = ends.into_iter().find(|end| !end.errors) else { return };
            let mode = picture.mode(&end);
            if end.edges.len() > 1 {
                return self.end(&end, rest, "");
            }
            let edge = &picture.edges[end.edges[0]];
            lead = arrow(edge.way, mode.as_deref(), edge.label.as_deref());
            first = rest.clone();
            To(vertex, options) = along(edge);
        }
    }

    /// What leaves by an end, if that is `else` or several edges.
    fn end(&mut self, end: &End, before: String, word: &str) {
        let picture = self.picture;
        let mode = picture.mode(end);
        if let [edge] = end.edges[..] {
            let edge = &picture.edges[edge];
            let lead = format!("{word}{}", arrow(edge.way, mode.as_deref(), edge.label.as_deref()));
            return self.path(along(edge), before.clone(), lead, format!("{before}     "));
        }
        self.lines.push((format!("{before}{word}=> {}", mode.unwrap_or_default()), String::new()));
        let last = end.edges.len() - 1;
        for (at, &edge) in end.edges.iter().enumerate() {
            let (branch, below) = if at == last { ("└ ", "  ") } else { ("├ ", "│ ") };
            let way = picture.edges[edge].way;
            let lead = picture.branch(end, &picture.edges[edge]);
            let mut lead = lead.map(|leg| format!("{} => ", clipped(&leg, 48))).unwrap_or_default();
            if way == Way::Feedback {
                lead = arrow(way, None, picture.edges[edge].label.as_deref());
            }
            self.path(along(&picture.edges[edge]), format!("{before}   {branch}"), lead, format!("{before}   {below}"));
        }
    }
}

/// A stage, and the options of the subscription that leads to it.
struct To(usize, String);

fn along(edge: &Edge) -> To {
    To(edge.to, edge.options.iter().map(|option| format!(".{option}")).collect())
}

/// `=> `, `-> `, `=> by o.id `
fn arrow(way: Way, mode: Option<&str>, label: Option<&str>) -> String {
    let mut arrow = String::from(if way == Way::Fused { "-> " } else { "=> " });
    for word in mode.into_iter().chain(label) {
        arrow.push_str(&format!("{} ", clipped(word, 48)));
    }
    arrow
}
