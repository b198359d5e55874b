//! What is wrong with a graph, as a value.

use std::fmt;
use std::sync::Arc;

use crate::error::{Cause, Error, StageFailure};
use crate::telemetry::Summary;

/// One mistake in a graph: what the compiler says of the same mistake in a [`pipeline!`](crate::pipeline).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    stage: Arc<str>,
    text: String,
    note: Option<String>,
    /// The text, and the note, where what they advise is called otherwise in a [`dynamic`](crate::dynamic) graph.
    here: (Option<String>, Option<String>),
}

impl Mistake {
    pub(crate) fn new(stage: &str, text: impl Into<String>) -> Self {
        Mistake { stage: stage.into(), text: text.into(), note: None, here: (None, None) }
    }

    /// The text in a dynamic graph.
    pub(crate) fn here(mut self, text: impl Into<String>) -> Self {
        self.here.0 = Some(text.into());
        self
    }

    /// The note in a dynamic graph.
    pub(crate) fn note_here(mut self, note: impl Into<String>) -> Self {
        self.here.1 = Some(note.into());
        self
    }

    fn of_a_graph(self) -> Self {
        let (text, note) = self.here;
        let (text, note) = (text.unwrap_or(self.text), note.or(self.note));
        Mistake { text, note, here: (None, None), ..self }
    }

    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Mistake { note: Some(note.into()), ..self }
    }

    /// One thing more to the note.
    pub(crate) fn also(mut self, more: impl std::fmt::Display) -> Self {
        let add = |note: Option<String>| match note {
            Some(note) => format!("{note}; {more}"),
            None => more.to_string(),
        };
        self.here.1 = self.here.1.map(|note| add(Some(note)));
        self.note = Some(add(self.note));
        self
    }

    /// The name of the stage it lies at; `None` where it is the whole graph's.
    pub fn stage(&self) -> Option<&str> {
        (!self.stage.is_empty()).then_some(&*self.stage)
    }

    /// What is wrong: the text of the compiler's error. In a [`dynamic`](crate::dynamic) graph it advises what can be
    /// called there.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What to write instead, where the text does not say so itself: the compiler's note.
    pub fn remedy(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.note {
            Some(note) => write!(f, "\n  = note: {note}"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a graph: every [`Mistake`] that was found in it, one on a line.
///
/// It becomes an [`Error`] with `?`, whose [`is_graph`](Error::is_graph) is true.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphError(Box<[Mistake]>);

impl GraphError {
    pub(crate) fn new(mistakes: Vec<Mistake>) -> Self {
        GraphError(mistakes.into())
    }

    /// In the words of a dynamic graph.
    pub(crate) fn of_a_graph(self) -> Self {
        GraphError(self.0.into_iter().map(Mistake::of_a_graph).collect())
    }

    /// The mistakes; there is at least one.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl From<Mistake> for GraphError {
    fn from(mistake: Mistake) -> Self {
        GraphError::new(vec![mistake])
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.0.iter().enumerate() {
            let line = if at > 0 { "\n" } else { "" };
            write!(f, "{line}{mistake}")?;
        }
        Ok(())
    }
}

/// As `Display`: what `main` prints when it returns it.
impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for GraphError {}

impl From<GraphError> for Error {
    fn from(error: GraphError) -> Self {
        let failure = StageFailure { stage: "".into(), cause: Cause::Graph(error.to_string()) };
        Error::new(failure, Summary::default())
    }
}
