//! Every rendering of several graphs, as it was looked at and recorded.

use std::path::Path;

use stagekit::Topology;

use crate::graphs::{self, Topological};

#[track_caller]
pub(crate) fn compare(file: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, written).expect("the picture can be written");
        return;
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(recorded, written, "{file}: look at it; if it is right, UPDATE_SNAPSHOTS=1");
}

#[track_caller]
fn shown(name: &str, topology: &Topology) {
    compare(&format!("picture/snapshots/{name}.txt"), &format!("{topology}\n"));
    compare(&format!("picture/snapshots/{name}.svg"), &topology.to_svg());
    compare(&format!("picture/snapshots/{name}.mmd"), &topology.to_mermaid());
    compare(&format!("picture/snapshots/{name}.dot"), &topology.to_dot());
}

#[test]
fn chain() {
    shown("chain", &graphs::chain().topology());
}

#[test]
fn diamond() {
    shown("diamond", &graphs::diamond().graph());
}

#[test]
fn any() {
    shown("any", &graphs::any().topology());
}

#[test]
fn by() {
    shown("by", &graphs::by().topology());
}

#[test]
fn branches() {
    shown("branches", &graphs::branches().topology());
}

#[test]
fn sorted() {
    shown("sorted", &graphs::sorted().topology());
}

#[test]
fn fused() {
    shown("fused", &graphs::fused().topology());
}

#[test]
fn segment() {
    shown("segment", &graphs::segment().topology());
    shown("words", &graphs::words().topology());
}

#[test]
fn large() {
    let topology = graphs::large().graph();
    assert!(topology.stages().len() >= 30, "{}", topology.stages().len());
    shown("large", &topology);
}

#[test]
fn an_svg_is_well_formed() {
    for topology in [graphs::segment().topology(), graphs::large().graph(), graphs::fused().topology()] {
        let svg = topology.to_svg();
        let mut open: Vec<&str> = Vec::new();
        for tag in svg.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("each `<` has its `>`");
            assert!(!text.contains('>') || text.contains("@media"), "{text}");
            assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            match (tag.starts_with('/'), tag.ends_with('/')) {
                (true, _) => assert_eq!(open.pop(), Some(name)),
                (false, false) => open.push(name),
                (false, true) => {}
            }
        }
        assert!(open.is_empty(), "{open:?}");
        for entity in svg.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;", "#10;"].iter().any(|known| entity.starts_with(known)), "{entity}");
        }
        assert!(!svg.contains("\n\n"), "an empty line would end it in Markdown");
    }
}

fn number(tag: &str, name: &str) -> f64 {
    let value = tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {tag}"))
}

/// What stands on an edge stands on nothing else: on no stage, and on no word in a frame.
#[test]
fn no_label_is_hidden() {
    let graphs = [
        graphs::chain().topology(),
        graphs::diamond().graph(),
        graphs::any().topology(),
        graphs::by().topology(),
        graphs::branches().topology(),
        graphs::sorted().topology(),
        graphs::fused().topology(),
        graphs::segment().topology(),
        graphs::words().topology(),
        graphs::large().graph(),
    ];
    let mut looked = 0;
    for topology in graphs {
        let svg = topology.to_svg();
        let (_, edges) = svg.rsplit_once("font-size=\"11\">\n").expect("the texts of the edges are last");
        // Not the frames around what is fused: events stand in them.
        let rects = svg.split("<rect").skip(1).filter(|rect| !rect.contains("rx=\"11\" fill=\"currentColor\""));
        let boxes: Vec<[f64; 4]> = rects
            .map(|rect| {
                let (x, y) = (number(rect, "x"), number(rect, "y"));
                [x, y, x + number(rect, "width"), y + number(rect, "height")]
            })
            .collect();
        for line in edges.lines().filter(|line| line.starts_with("<text")) {
            let text = line.split_once('>').unwrap().1.split('<').next().unwrap();
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            let (x, y) = (number(line, "x"), number(line, "y"));
            let (top, right, bottom) = (y - 8.5, x + text.chars().count() as f64 * 6.6, y + 2.5);
            for [left, above, end, below] in &boxes {
                let apart = right <= *left || *end <= x || bottom <= *above || *below <= top;
                assert!(apart, "{text} at {x}, {y} stands on {left}..{end}, {above}..{below} of\n{topology}");
            }
            looked += 1;
        }
    }
    assert!(looked > 50, "{looked}");
}

/// Every text stands inside the picture, and inside its box as far as one can tell without a font.
#[test]
fn nothing_overflows() {
    for topology in [graphs::large().graph(), graphs::fused().topology(), graphs::by().topology()] {
        let svg = topology.to_svg();
        let number = |tag: &str, name: &str| -> Option<f64> {
            tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
        };
        let (width, height) = (number(&svg, "width").unwrap(), number(&svg, "height").unwrap());
        let mut texts = 0;
        for tag in svg.split("<text").skip(1) {
            let text = tag.split_once('>').unwrap().1.split('<').next().unwrap();
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            let (x, y) = (number(tag, "x").unwrap(), number(tag, "y").unwrap());
            let end = x + text.chars().count() as f64 * 6.6;
            assert!(
                x >= 0.0 && end <= width && y >= 8.0 && y <= height,
                "{text} ends at {end}, {y} of {width}, {height}"
            );
            texts += 1;
        }
        assert!(texts > 5, "{texts}");
    }
}
