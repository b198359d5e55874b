//! Sets text: embedded fonts, line breaking and shaping, for one worker.
//!
//! Nothing is taken from the machine, so a page looks the same everywhere. Latin, Greek and Cyrillic are set in
//! Libertinus Serif, code and many symbols in DejaVu Sans Mono, emoji in Noto Emoji or
//! an icon font. A character that none of them has (Chinese, and emoji since 2015) is set as an empty box; the HTML and
//! the Markdown have the character itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::fontique::{Blob, Collection, CollectionOptions, SourceCache};
use parley::layout::Glyph;
use parley::style::{FontFamily, FontFamilyName, FontStyle, FontWeight, LineHeight, OverflowWrap, StyleProperty};
use parley::{FontContext, Layout, LayoutContext};

use crate::render::block::{Block, Kind};

const SERIF: FontFamily<'static> = FontFamily::List(Cow::Borrowed(&[
    FontFamilyName::named("Libertinus Serif"),
    FontFamilyName::named("DejaVu Sans Mono"),
    FontFamilyName::named("Noto Emoji"),
    FontFamilyName::named("emoji"),
]));
const MONO: FontFamily<'static> = FontFamily::List(Cow::Borrowed(&[
    FontFamilyName::named("DejaVu Sans Mono"),
    FontFamilyName::named("Libertinus Serif"),
    FontFamilyName::named("Noto Emoji"),
    FontFamilyName::named("emoji"),
]));

/// A colour and, for a link, which of the block's looks it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) rgb: [u8; 3],
    look: Option<usize>,
}

/// Glyphs of one font and one colour on one line.
pub(super) struct Strip {
    pub(super) font: Font,
    pub(super) size: f32,
    pub(super) rgb: [u8; 3],
    /// Where it begins, from the left edge of the block, and how wide it is.
    pub(super) x: f32,
    pub(super) width: f32,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// The text that the glyphs show, so that it can be searched and copied.
    pub(super) text: String,
    pub(super) link: Option<String>,
}

/// One line of a block.
pub(super) struct Line {
    pub(super) height: f32,
    /// From the line's top to its baseline.
    pub(super) baseline: f32,
    pub(super) strips: Vec<Strip>,
}

/// The fonts and the scratch space for setting text. Each worker has its own, since setting text writes to its caches.
pub struct Press {
    fonts: FontContext,
    scratch: LayoutContext<Ink>,
    /// The fonts as the PDF library wants them, by where they lie.
    embedded: HashMap<(u64, u32), Font>,
}

impl Default for Press {
    fn default() -> Self {
        let mut collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
        let emoji = [epaint_default_fonts::NOTO_EMOJI_REGULAR, epaint_default_fonts::EMOJI_ICON];
        for data in typst_assets::fonts().chain(emoji) {
            collection.register_fonts(Blob::new(Arc::new(data)), None);
        }
        Self {
            fonts: FontContext { collection, source_cache: SourceCache::default() },
            scratch: LayoutContext::new(),
            embedded: HashMap::new(),
        }
    }
}

/// A worker's press begins empty, whatever another has in its caches.
impl Clone for Press {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Press {
    /// Sets `block` in lines no wider than `width` points.
    pub(super) fn set(&mut self, block: &Block, width: f32) -> Vec<Line> {
        let (size, weight, rgb) = match block.kind {
            Kind::Title => (25.0, 600.0, [20, 24, 33]),
            Kind::Note => (9.5, 400.0, [105, 112, 128]),
            Kind::Heading => (13.5, 600.0, [20, 24, 33]),
            Kind::Text => (10.5, 400.0, [33, 37, 48]),
            Kind::Code => (8.2, 400.0, [33, 37, 48]),
        };
        let mut builder = self.scratch.ranged_builder(&mut self.fonts, &block.text, 1.0, false);
        builder.push_default(if block.kind == Kind::Code { MONO } else { SERIF });
        builder.push_default(StyleProperty::FontSize(size));
        builder.push_default(StyleProperty::FontWeight(FontWeight::new(weight)));
        builder.push_default(LineHeight::FontSizeRelative(1.4));
        // A word longer than the line is cut anywhere: better than text that leaves the page.
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        builder.push_default(StyleProperty::Brush(Ink { rgb, look: None }));
        for (at, (range, look)) in block.looks.iter().enumerate() {
            if look.is_bold {
                builder.push(StyleProperty::FontWeight(FontWeight::BOLD), range.clone());
            }
            if look.is_italic {
                builder.push(StyleProperty::FontStyle(FontStyle::Italic), range.clone());
            }
            if look.is_code {
                builder.push(MONO, range.clone());
                builder.push(StyleProperty::FontSize(size * 0.84), range.clone());
            }
            if look.link.is_some() {
                let ink = Ink { rgb: [28, 84, 168], look: Some(at) };
                builder.push(StyleProperty::Brush(ink), range.clone());
            }
        }
        let mut layout: Layout<Ink> = builder.build(&block.text);
        layout.break_all_lines(Some(width));
        layout.lines().map(|line| self.line(block, &line)).collect()
    }

    fn line(&mut self, block: &Block, line: &parley::layout::Line<'_, Ink>) -> Line {
        let metrics = line.metrics();
        let mut strips = Vec::new();
        let mut x = metrics.offset;
        for run in line.runs() {
            let Some(font) = self.embedded(run.font()) else {
                continue;
            };
            let size = run.font_size();
            for stretch in stretches(&run) {
                let shown = stretch.range;
                let width = stretch.glyphs.iter().map(|(glyph, _)| glyph.advance).sum();
                let glyphs = stretch.glyphs.into_iter().map(|(glyph, range)| {
                    let range = range.start - shown.start..range.end - shown.start;
                    let (id, advance) = (GlyphId::new(glyph.id), glyph.advance / size);
                    let (x, y) = (glyph.x / size, glyph.y / size);
                    KrillaGlyph::new(id, advance, x, y, 0.0, range, None)
                });
                strips.push(Strip {
                    font: font.clone(),
                    size,
                    rgb: stretch.ink.rgb,
                    x,
                    width,
                    glyphs: glyphs.collect(),
                    text: block.text[shown].to_owned(),
                    link: stretch.ink.look.and_then(|at| block.looks[at].1.link.clone()),
                });
                x += width;
            }
        }
        Line { height: metrics.line_height, baseline: metrics.baseline - metrics.block_min_coord, strips }
    }

    /// The font for the PDF library, read once; `None` if it cannot be, which fonts of ours always can.
    fn embedded(&mut self, font: &parley::FontData) -> Option<Font> {
        match self.embedded.entry((font.data.id(), font.index)) {
            Entry::Occupied(entry) => Some(entry.get().clone()),
            Entry::Vacant(entry) => {
                let (data, _) = font.data.clone().into_raw_parts();
                Some(entry.insert(Font::new(data.into(), font.index)?).clone())
            }
        }
    }
}

/// Glyphs of one style, each with the text it shows.
struct Stretch {
    style: u16,
    ink: Ink,
    /// The text that all of them show.
    range: Range<usize>,
    glyphs: Vec<(Glyph, Range<usize>)>,
}

/// A run of one font, cut where the style changes.
fn stretches(run: &parley::layout::Run<'_, Ink>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for cluster in run.visual_clusters() {
        let (style, range) = (cluster.style_index(), cluster.text_range());
        // The rest of a ligature has no glyph of its own, but its text is shown by the glyph before it.
        let is_continued = cluster.is_ligature_continuation();
        let is_cut = stretches.last().is_none_or(|last| last.style != style);
        if is_cut && !is_continued {
            stretches.push(Stretch { style, ink: cluster.style().brush, range: range.clone(), glyphs: Vec::new() });
        }
        let Some(last) = stretches.last_mut() else {
            continue;
        };
        let cover = |old: &Range<usize>| old.start.min(range.start)..old.end.max(range.end);
        last.range = cover(&last.range);
        if is_continued {
            if let Some((_, shown)) = last.glyphs.last_mut() {
                *shown = cover(shown);
            }
        } else {
            let glyphs = cluster.glyphs();
            last.glyphs.extend(glyphs.map(|glyph| (glyph, range.clone())));
        }
    }
    stretches
}
