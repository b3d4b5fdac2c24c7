//! `Sketch`: a rung that is being made.

use super::{MOST_BYTES, Shape};
use crate::event::Data;
use std::sync::Arc;

/// A rung that is being made.
pub(super) struct Sketch {
    pub shape: Shape,
    pub from: Option<usize>,
    pub to: Vec<usize>,
    pub words: String,
    pub aside: String,
    pub data: Option<Data>,
}

impl Sketch {
    pub fn point(of: usize, words: impl Into<String>) -> Self {
        Self {
            shape: Shape::Point,
            from: Some(of),
            to: Vec::new(),
            words: words.into(),
            aside: String::new(),
            data: None,
        }
    }

    pub fn remark(words: impl Into<String>) -> Self {
        Self { shape: Shape::Remark, from: None, ..Self::point(0, words) }
    }

    /// An arrow, or a point where nobody is known to be at its other end.
    pub fn arrow(from: usize, to: Option<usize>, words: impl Into<String>) -> Self {
        match to.filter(|to| *to != from) {
            Some(to) => Self { shape: Shape::Arrow, to: vec![to], ..Self::point(from, words) },
            None => Self::point(from, words),
        }
    }

    pub fn shape(self, shape: Shape) -> Self {
        if self.to.is_empty() { self } else { Self { shape, ..self } }
    }

    pub fn aside(self, aside: impl Into<String>) -> Self {
        Self { aside: aside.into(), ..self }
    }

    pub fn data(self, data: &Data) -> Self {
        let kept = data.bytes.get(..MOST_BYTES).map_or_else(|| data.bytes.clone(), Arc::from);
        // A stream that was written by hand may say less than it has.
        let len = data.len.max(kept.len() as u64);
        Self { data: Some(Data { bytes: kept, len, ..data.clone() }), ..self }
    }
}
