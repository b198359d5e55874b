//! A post's text as a list of blocks, which is all that a page of paper knows.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What stands after each cell of a table, whose rows are lines of their own.
const CELL: &str = "    ";

/// What kind of text a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The post's title.
    Title,
    /// A small line under a title.
    Note,
    /// A section's heading.
    Heading,
    /// A paragraph or a list item.
    Text,
    /// A code block, whose lines are kept.
    Code,
}

/// How a stretch of text looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) is_bold: bool,
    pub(super) is_italic: bool,
    pub(super) is_code: bool,
    /// Where it leads, if it is a link.
    pub(super) link: Option<String>,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// How many lists and quotations it stands in.
    pub(super) depth: usize,
    /// The bullet or number before it.
    pub(super) marker: Option<String>,
    pub(super) text: String,
    /// The parts of the text that look different.
    pub(super) looks: Vec<(Range<usize>, Look)>,
}

impl Block {
    /// A block without links and markup.
    pub(super) fn plain(kind: Kind, text: &str) -> Self {
        let mut block = Self { kind, depth: 0, marker: None, text: String::new(), looks: Vec::new() };
        block.push(text, &Look::default());
        block
    }

    /// Adds text, without the control characters that no font has.
    fn push(&mut self, text: &str, look: &Look) {
        let start = self.text.len();
        for c in text.chars() {
            match c {
                '\t' => self.text.push_str("    "),
                '\n' if self.kind == Kind::Code => self.text.push(c),
                c if c.is_control() => {}
                c => self.text.push(c),
            }
        }
        if *look != Look::default() && self.text.len() > start {
            self.looks.push((start..self.text.len(), look.clone()));
        }
    }
}

/// Markdown as blocks. Raw HTML and pictures are left out, the words within them stay.
pub(super) fn blocks(markdown: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES) {
        reader.take(event);
    }
    reader.close();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    open: Option<Block>,
    /// For each list around us, the number of its next item; `None` for bullets.
    lists: Vec<Option<u64>>,
    quotes: usize,
    marker: Option<String>,
    bold: usize,
    italic: usize,
    links: Vec<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Paragraph) => self.open(Kind::Text),
            Event::Start(Tag::TableHead | Tag::TableRow) => self.open(Kind::Text),
            Event::End(TagEnd::TableCell) => self.write(CELL, false),
            Event::Start(Tag::Heading { .. }) => self.open(Kind::Heading),
            Event::Start(Tag::CodeBlock(_)) => self.open(Kind::Code),
            Event::Start(Tag::List(first)) => {
                self.close();
                self.lists.push(first);
            }
            Event::Start(Tag::Item) => {
                self.close();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "•".to_owned(),
                });
            }
            Event::Start(Tag::BlockQuote(_)) => {
                self.close();
                self.quotes += 1;
            }
            Event::Start(Tag::Strong) => self.bold += 1,
            Event::Start(Tag::Emphasis) => self.italic += 1,
            Event::Start(Tag::Link { dest_url, .. }) => self.links.push(dest_url.to_string()),
            Event::End(TagEnd::Strong) => self.bold -= 1,
            Event::End(TagEnd::Emphasis) => self.italic -= 1,
            Event::End(TagEnd::Link) => drop(self.links.pop()),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::Item
                | TagEnd::TableHead
                | TagEnd::TableRow,
            ) => self.close(),
            Event::End(TagEnd::List(_)) => {
                self.close();
                self.lists.pop();
            }
            Event::End(TagEnd::BlockQuote(_)) => {
                self.close();
                self.quotes -= 1;
            }
            Event::Text(text) => self.write(&text, false),
            Event::Code(text) => self.write(&text, true),
            Event::SoftBreak | Event::HardBreak => self.write(" ", false),
            _ => {}
        }
    }

    fn open(&mut self, kind: Kind) {
        self.close();
        self.open = Some(Block {
            kind,
            depth: self.lists.len() + self.quotes,
            marker: self.marker.take(),
            text: String::new(),
            looks: Vec::new(),
        });
    }

    fn write(&mut self, text: &str, is_code: bool) {
        if self.open.is_none() {
            // The items of a tight list have no paragraphs of their own.
            self.open(Kind::Text);
        }
        let is_web = |link: &&String| link.starts_with("https://") || link.starts_with("http://");
        let look = Look {
            is_bold: self.bold > 0,
            is_italic: self.italic > 0,
            is_code,
            link: self.links.last().filter(is_web).cloned(),
        };
        if let Some(block) = &mut self.open {
            let is_first = block.text.is_empty() && block.kind != Kind::Code;
            block.push(if is_first { text.trim_start() } else { text }, &look);
        }
    }

    fn close(&mut self) {
        if let Some(mut block) = self.open.take() {
            block.text.truncate(block.text.trim_end().len());
            let end = block.text.len();
            block.looks.retain_mut(|(range, _)| {
                range.end = range.end.min(end);
                range.start < range.end
            });
            if end > 0 {
                self.blocks.push(block);
            }
        }
    }
}
