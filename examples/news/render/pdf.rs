//! The PDF of a post: A4, a title, the text, and the page numbers.

use krilla::Document;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;

use crate::changelog::Post;
use crate::render::block::{Block, Kind, blocks};
use crate::render::press::{Line, Press};
use crate::render::with_links;

/// A4 in points.
const PAPER: (f32, f32) = (595.28, 841.89);
const MARGIN: f32 = 64.0;
/// How far a list is moved to the right of what is around it.
const STEP: f32 = 16.0;

/// A line and where it stands on its page.
struct Placed {
    x: f32,
    top: f32,
    line: Line,
    is_code: bool,
}

/// The document's bytes.
pub(super) fn document(post: &Post, press: &mut Press) -> Result<Vec<u8>, String> {
    let sheets = sheets(&content(post), press);
    let mut document = Document::new();
    let subjects = post.subjects.iter().map(|matched| matched.subject.clone());
    let metadata = Metadata::new().title(post.title()).keywords(subjects.collect()).language("en".to_owned());
    document.set_metadata(metadata.creator("news, an example of stagekit".to_owned()));
    let count = sheets.len();
    for (at, mut placed) in sheets.into_iter().enumerate() {
        let footer = format!("{}   ·   {} / {count}", post.title(), at + 1);
        for line in press.set(&Block::plain(Kind::Note, &footer), PAPER.0 - 2.0 * MARGIN) {
            placed.push(Placed { x: MARGIN, top: PAPER.1 - MARGIN * 0.62, line, is_code: false });
        }
        let settings = PageSettings::from_wh(PAPER.0, PAPER.1).ok_or("the paper has no size")?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for placed in &placed {
            paint(&mut surface, placed);
        }
        surface.finish();
        for annotation in placed.iter().flat_map(links) {
            page.add_annotation(annotation);
        }
        page.finish();
    }
    document.finish().map_err(|error| format!("{error:?}"))
}

/// How many pages the document has.
#[cfg(test)]
pub(super) fn pages(post: &Post, press: &mut Press) -> usize {
    sheets(&content(post), press).len()
}

/// Everything the document says, top to bottom.
fn content(post: &Post) -> Vec<Block> {
    let date = post.date.map_or_else(|| "undated".to_owned(), |date| date.format("%-d %B %Y").to_string());
    let subjects: Vec<&str> = post.subjects.iter().map(|matched| matched.subject.as_str()).collect();
    let mut content = vec![
        Block::plain(Kind::Title, &post.title()),
        Block::plain(Kind::Note, &format!("{date}   ·   {}", subjects.join(", "))),
    ];
    for section in &post.sections {
        if !section.title.is_empty() {
            content.push(Block::plain(Kind::Heading, &section.title));
        }
        content.extend(blocks(&with_links(&section.markdown, &post.links)));
    }
    content
}

/// Sets the blocks and shares their lines out to pages; there is always one.
fn sheets(content: &[Block], press: &mut Press) -> Vec<Vec<Placed>> {
    let bottom = PAPER.1 - MARGIN;
    let mut sheets = vec![Vec::new()];
    let mut y = MARGIN;
    for block in content {
        let depth = u8::try_from(block.depth.min(8)).unwrap_or(8);
        let x = MARGIN + STEP * f32::from(depth);
        let (before, after, kept) = match block.kind {
            Kind::Title => (0.0, 2.0, 0.0),
            Kind::Note => (0.0, 14.0, 0.0),
            // A heading is not left alone at the foot of a page.
            Kind::Heading => (12.0, 4.0, 60.0),
            Kind::Text => (0.0, 5.0, 0.0),
            Kind::Code => (3.0, 9.0, 0.0),
        };
        if y > MARGIN {
            y += before;
        }
        let mut marker = block.marker.as_deref();
        for line in press.set(block, PAPER.0 - MARGIN - x) {
            if y + line.height.max(kept) > bottom {
                sheets.push(Vec::new());
                y = MARGIN;
            }
            let Some(sheet) = sheets.last_mut() else {
                break;
            };
            if let Some(marker) = marker.take() {
                let marker = press.set(&Block::plain(Kind::Text, marker), STEP * 3.0);
                let left = if block.marker.as_deref() == Some("•") { 10.0 } else { 15.0 };
                let is_code = false;
                sheet.extend(marker.into_iter().map(|line| Placed { x: x - left, top: y, line, is_code }));
            }
            let (top, is_code) = (y, block.kind == Kind::Code);
            y += line.height;
            sheet.push(Placed { x, top, line, is_code });
        }
        y += after;
    }
    sheets
}

fn paint(surface: &mut Surface<'_>, placed: &Placed) {
    if placed.is_code {
        let width = PAPER.0 - MARGIN - placed.x;
        let rect = Rect::from_xywh(placed.x - 6.0, placed.top, width + 6.0, placed.line.height + 0.2);
        let mut path = PathBuilder::new();
        if let Some(rect) = rect {
            path.push_rect(rect);
        }
        if let Some(path) = path.finish() {
            surface.set_fill(Some(fill([244, 245, 248])));
            surface.draw_path(&path);
        }
    }
    for strip in &placed.line.strips {
        surface.set_fill(Some(fill(strip.rgb)));
        let start = Point::from_xy(placed.x + strip.x, placed.top + placed.line.baseline);
        surface.draw_glyphs(start, &strip.glyphs, strip.font.clone(), &strip.text, strip.size, false);
    }
}

fn links(placed: &Placed) -> Vec<Annotation> {
    let mut links = Vec::new();
    for strip in &placed.line.strips {
        let rect = Rect::from_xywh(placed.x + strip.x, placed.top, strip.width, placed.line.height);
        if let (Some(link), Some(rect)) = (&strip.link, rect) {
            let target = Target::Action(Action::Link(LinkAction::new(link.clone())));
            links.push(Annotation::new_link(LinkAnnotation::new(rect, target), Some(strip.text.clone())));
        }
    }
    links
}

fn fill([red, green, blue]: [u8; 3]) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: Default::default() }
}
