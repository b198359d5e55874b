//! What no graph that compiles shows: names that are hostile to a format, and circles.

use super::*;

fn vertex(name: &str) -> Vertex {
    Vertex {
        kind: Kind::ProducerConsumer,
        name: name.into(),
        bound: None,
        text: None,
        options: Vec::new(),
        takes: None,
        emits: None,
        fails: None,
        place: None,
    }
}

fn edge(from: usize, to: usize) -> Edge {
    let (way, fan) = (Way::Subscription, Fan::One);
    Edge { from, errors: false, to, way, fan, group: 0, key: None, label: None, event: None, options: Vec::new() }
}

fn hostile() -> Picture {
    let name = "a<b>&\"c\"\\ #d;`e`\u{7}|[f]{g}\n";
    let mut vertices = vec![vertex(name), vertex("b")];
    vertices[0].emits = Some(name.into());
    vertices[0].text = Some(name.into());
    Picture { vertices, edges: vec![Edge { label: Some(name.into()), ..edge(0, 1) }] }
}

#[test]
fn texts_are_escaped_for_each_format() {
    let svg = svg(&hostile(), Ground::File);
    assert!(svg.contains("a&lt;b&gt;&amp;&quot;c&quot;\\ #d;`e`|[f]{g}"), "{svg}");
    assert!(!svg.contains('\u{7}') && !svg.contains("a<b>"), "{svg}");
    let dot = dot(&hostile());
    assert!(dot.contains(r#"label="a<b>&\"c\"\\ #d;`e`|[f]{g}\n"#), "{dot}");
    let mermaid = mermaid(&hostile());
    assert!(mermaid.contains("a#60;b#62;#38;#34;c#34;#92; #35;d#59;#96;e#96;#124;#91;f#93;#123;g#125;"), "{mermaid}");
    assert_eq!(tree(&hostile()).lines().count(), 2, "{}", tree(&hostile()));
}

#[test]
fn what_is_wide_is_measured_as_wide() {
    assert_eq!((width("abc"), width("日本"), width("e\u{301}")), (3, 4, 1));
    assert_eq!(clipped("one  two\nthree", 20), "one two three");
    assert_eq!(clipped("日本語", 4), "日…");
}

#[test]
fn a_circle_is_drawn_backwards_whoever_closes_it() {
    let vertices: Vec<Vertex> = ["a", "b", "c"].map(vertex).into();
    let back = Edge { way: Way::Feedback, label: Some("feedback(8)".into()), ..edge(2, 1) };
    for last in [back, edge(2, 1), edge(2, 0), edge(1, 1)] {
        let picture = Picture { vertices: vertices.clone(), edges: vec![edge(0, 1), edge(1, 2), last] };
        let drawn = svg(&picture, Ground::File);
        assert_eq!(drawn.matches("stroke-dasharray=\"2 4\"").count(), 1, "{drawn}");
        for name in ["a", "b", "c"] {
            assert!(tree(&picture).contains(name), "{}", tree(&picture));
        }
    }
    assert!(tree(&Picture::default()).is_empty());
    assert!(svg(&Picture::default(), Ground::File).contains("</svg>"));
}

/// The middles of the blocks, by name.
fn places(picture: &Picture) -> Vec<(f64, f64)> {
    let layout = layout::layout(picture);
    let mut places = vec![(0.0, 0.0); picture.vertices.len()];
    for block in &layout.blocks {
        for &(vertex, top, _) in &block.rows {
            places[vertex] = (block.x, block.y + top);
        }
    }
    places
}

#[test]
fn blocks_never_overlap_and_edges_lead_right() {
    // Graphs at random, by a rule that is the same everywhere.
    let mut seed = 7_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    for _ in 0..60 {
        let count = 2 + random(24);
        let mut picture =
            Picture { vertices: (0..count).map(|at| vertex(&format!("stage{at}"))).collect(), edges: vec![] };
        for to in 1..count {
            for _ in 0..1 + random(2) {
                picture.edges.push(Edge { errors: random(4) == 0, group: to, ..edge(random(to), to) });
            }
        }
        let places = places(&picture);
        for edge in &picture.edges {
            assert!(places[edge.from].0 < places[edge.to].0, "{edge:?} of {picture:?}");
        }
        let blocks = layout::layout(&picture).blocks;
        for (at, a) in blocks.iter().enumerate() {
            for b in &blocks[at + 1..] {
                let apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
                assert!(apart, "{picture:?}");
            }
        }
    }
}

#[test]
fn a_chain_is_straight_and_crossings_are_few() {
    let chain =
        Picture { vertices: ["a", "b", "c", "d"].map(vertex).into(), edges: vec![edge(0, 1), edge(1, 2), edge(2, 3)] };
    let heights: Vec<f64> = places(&chain).iter().map(|place| place.1).collect();
    assert!(heights.windows(2).all(|pair| pair[0] == pair[1]), "{heights:?}");
    // a and b lead to d and c: crosswise as they are numbered, straight as they are drawn.
    let cross = Picture {
        vertices: ["s", "a", "b", "c", "d"].map(vertex).into(),
        edges: vec![edge(0, 1), edge(0, 2), edge(1, 4), edge(2, 3)],
    };
    let places = places(&cross);
    assert_eq!(places[1].1 < places[2].1, places[4].1 < places[3].1);
}

/// Columns of stages, each of which leads to two of the next.
fn lattice(columns: usize, rows: usize) -> Picture {
    let vertices: Vec<Vertex> = (0..columns * rows).map(|at| vertex(&format!("stage{at}"))).collect();
    let mut edges = Vec::new();
    for at in 0..(columns - 1) * rows {
        let (column, row) = (at / rows, at % rows);
        for to in [row * 7 % rows, (row * 5 + 3) % rows] {
            edges.push(Edge { group: at, ..edge(at, (column + 1) * rows + to) });
        }
    }
    Picture { vertices, edges }
}

/// For the order of the columns wires are looked at, but not all of them again for each swap that is tried: that would be a
/// thousand million.
#[test]
fn a_large_picture_takes_no_more_work_than_it_is_worth() {
    for (columns, rows) in [(8, 64), (64, 8)] {
        let picture = lattice(columns, rows);
        let looked = order::order(&mut layers::Grid::new(&picture), |_| 0.5);
        assert!((1_000..5_000_000).contains(&looked), "{looked}");
        assert_eq!(svg(&picture, Ground::File).matches("<title>").count(), columns * rows + 1);
    }
}
