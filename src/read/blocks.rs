//! The records of all inputs in their order, block by block; an input that cannot be read any further ends alone.

use std::fs;

use super::aligned::Aligned;
use super::buffers::Buffers;
use super::error::ReadError;
use super::preflight::{beginning, told};
use super::recognise::Form;
use super::sizes::Sizes;
use crate::record::{Block, Input, Position, Span};

/// Starts to read `inputs` in their order, at the place `from` of an earlier reading if there is one.
///
/// Places to continue from are the start of a record, the place behind one, and the end of a block.
pub fn open(inputs: &[Input], form: &Form, from: Option<Position>) -> Result<Blocks, ReadError> {
    Blocks::new(inputs, form, from, Sizes::USUAL)
}

/// How many bytes the inputs hold in their files, before decompression, unless one of them is a pipe.
pub(crate) fn total_bytes(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(size).sum()
}

fn size(input: &Input) -> Option<u64> {
    match input {
        Input::File(path) => fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len()),
        Input::Stdin => None,
        Input::Inline(text) => Some(text.len() as u64),
    }
}

/// An input that cannot be read any further. What stands behind the place cannot be told from what is missing.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct FailedInput {
    /// Where to continue once it is repaired: everything before has been handed out.
    pub at: Position,
    /// Tells whether its text before that place is still the same: see [`beginning`](super::begins_as).
    pub beginning: Option<String>,
    /// Why.
    pub error: ReadError,
}

/// The records of all inputs in order, block by block. The input that an error ends is followed by the next one.
pub struct Blocks {
    /// The inputs not yet opened, with their numbers.
    waiting: std::vec::IntoIter<(u32, Input)>,
    form: Form,
    /// Where to continue in the next input.
    from: Option<Position>,
    /// Stretches that need not be read.
    settled: Vec<Span>,
    sizes: Sizes,
    /// The memory of blocks.
    buffers: Buffers,
    current: Option<Current>,
    /// Bytes of the inputs before the current one.
    bytes_before: u64,
    when_empty: Box<dyn FnMut(u32) + Send>,
    when_opened: Option<Box<dyn FnMut(u32, Opened) + Send>>,
    when_repeated: Box<dyn FnMut(Position, u64) + Send>,
    when_recognised: Box<dyn FnMut(u32, String) + Send>,
}

/// What an input shows when it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it was taken for, in words.
    pub form: String,
    /// Bytes of its file, unless it is a pipe.
    pub bytes: Option<u64>,
}

/// The input that is being read.
struct Current {
    reading: Aligned,
    /// Where it would have to be continued.
    reached: Position,
    is_empty: bool,
}

/// Where reading an input begins.
enum Start {
    At(Position),
    /// Everything in it is settled.
    Nowhere,
}

impl Blocks {
    pub(crate) fn new(
        inputs: &[Input],
        form: &Form,
        from: Option<Position>,
        sizes: Sizes,
    ) -> Result<Self, ReadError> {
        let start = from.unwrap_or_default();
        match inputs.get(start.input as usize) {
            Some(Input::Stdin) if start.is_inside() => return Err(ReadError::ResumeStdin),
            None if from.is_some() && start.input as usize > inputs.len() => {
                return Err(ReadError::ResumeMissingInput {
                    wanted: u64::from(start.input) + 1,
                    given: inputs.len(),
                });
            }
            _ => {}
        }
        let mut numbered: Vec<(u32, Input)> = (0..).zip(inputs.iter().cloned()).collect();
        let waiting = numbered.split_off(numbered.len().min(start.input as usize));
        Ok(Self {
            waiting: waiting.into_iter(),
            form: form.clone(),
            from,
            settled: Vec::new(),
            sizes,
            buffers: Buffers::of_size(sizes.to_fill(0)),
            current: None,
            bytes_before: numbered.iter().filter_map(|(_, input)| size(input)).sum(),
            when_empty: Box::new(|_| ()),
            when_opened: None,
            when_repeated: Box::new(|_, _| ()),
            when_recognised: Box::new(|_, _| ()),
        })
    }

    /// Does not read what an earlier run settled at the beginning of an input, nor inputs that it settled whole.
    #[must_use]
    pub fn passing_over(self, settled: Vec<Span>) -> Self {
        Self { settled, ..self }
    }

    /// The bytes of inputs that are passed over whole. No block counts them.
    pub(crate) fn bytes_passed_over(&self) -> u64 {
        let is_passed = |number: u32| matches!(self.start(number, self.from), Start::Nowhere);
        let passed = self.waiting.as_slice().iter().filter(|(number, _)| is_passed(*number));
        passed.filter_map(|(_, input)| size(input)).sum()
    }

    /// Tells the number of each input that turns out to hold no record at all.
    #[must_use]
    pub fn when_empty(self, told: impl FnMut(u32) + Send + 'static) -> Self {
        Self { when_empty: Box::new(told), ..self }
    }

    /// Tells of each input that is opened what it was taken for.
    #[must_use]
    pub fn when_opened(self, told: impl FnMut(u32, Opened) + Send + 'static) -> Self {
        Self { when_opened: Some(Box::new(told)), ..self }
    }

    /// Tells where an input repeats its header for the first time, and how often it does, at its end.
    #[must_use]
    pub fn when_header_repeated(self, told: impl FnMut(Position, u64) + Send + 'static) -> Self {
        Self { when_repeated: Box::new(told), ..self }
    }

    /// Tells what an input is recognised as that nobody could look at before, if that is worth a word.
    #[must_use]
    pub fn when_recognised(self, told: impl FnMut(u32, String) + Send + 'static) -> Self {
        Self { when_recognised: Box::new(told), ..self }
    }

    /// Where to begin in the input of this number, which is the next one.
    fn start(&self, number: u32, from: Option<Position>) -> Start {
        let mut place = from.filter(|from| from.input == number).unwrap_or_else(|| start_of(number));
        // Stretches may follow one another, but each is passed once.
        for _ in 0..self.settled.len() {
            let Some(span) = self.settled.iter().find(|span| holds(span, place)) else { break };
            if span.end.input > number {
                return Start::Nowhere;
            }
            place = span.end;
        }
        Start::At(if place.is_inside() { place } else { start_of(number) })
    }

    /// Opens the next input, unless all of it is settled.
    fn advance(&mut self, number: u32, input: &Input) -> Result<(), Box<FailedInput>> {
        let from = self.from.take();
        let Start::At(place) = self.start(number, from) else { return Ok(()) };
        let opened = Aligned::open(input.clone(), number, self.sizes, &self.form).and_then(|mut reading| {
            reading.reader.share(&self.buffers);
            reading.start(&self.form, place.is_inside().then_some(place))?;
            Ok(Current { reading, reached: place, is_empty: !place.is_inside() })
        });
        match opened {
            Ok(current) => {
                if let Some(told) = &mut self.when_opened {
                    told(number, Opened { form: current.reading.reader.form(), bytes: size(input) });
                }
                self.current = Some(current);
                Ok(())
            }
            Err(error) => Err(self.failed(input, place, error)),
        }
    }

    fn failed(&mut self, input: &Input, at: Position, error: ReadError) -> Box<FailedInput> {
        self.bytes_before += size(input).unwrap_or_default();
        Box::new(FailedInput { at, beginning: beginning(input, at, self.form.encoding), error })
    }

    /// Reads the next block of the input at hand; nothing at its end.
    fn read(&mut self, mut current: Current) -> Option<Result<Block, Box<FailedInput>>> {
        let next = current.reading.next_block();
        if !matches!(next, Ok(Some(_)))
            && let Some((first, count)) = current.reading.reader.repeated_headers()
        {
            (self.when_repeated)(first, count);
        }
        match next {
            Ok(Some(mut block)) => {
                block.bytes.start += self.bytes_before;
                block.bytes.end += self.bytes_before;
                let reader = &current.reading.reader;
                if current.is_empty
                    && is_read_once(reader.input())
                    && let Some(what) = told(reader, &block, &self.form)
                {
                    (self.when_recognised)(block.end.input, what);
                }
                current.reached = block.end;
                current.is_empty = false;
                self.current = Some(current);
                Some(Ok(block))
            }
            Ok(None) => {
                self.bytes_before += current.reading.reader.bytes_before();
                if current.is_empty {
                    (self.when_empty)(current.reached.input);
                }
                None
            }
            Err(error) => {
                let Current { reading, reached, .. } = current;
                Some(Err(self.failed(reading.reader.input(), reached, error)))
            }
        }
    }
}

/// Whether an input comes from a program, so that what is read of it is gone.
fn is_read_once(input: &Input) -> bool {
    match input {
        Input::File(path) => !path.is_file(),
        Input::Stdin => true,
        Input::Inline(_) => false,
    }
}

fn start_of(number: u32) -> Position {
    Position { input: number, line: 1, ..Position::default() }
}

/// Whether `place` is settled by `span`, which begins at a record; what stands before an input's first one is none.
fn holds(span: &Span, place: Position) -> bool {
    let begins_before = span.start <= place
        || (span.start.input == place.input && span.start.record == 0 && place.record == 0);
    begins_before && place < span.end
}

impl Iterator for Blocks {
    type Item = Result<Block, Box<FailedInput>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(current) = self.current.take()
                && let Some(block) = self.read(current)
            {
                return Some(block);
            }
            let (number, input) = self.waiting.next()?;
            if let Err(failed) = self.advance(number, &input) {
                return Some(Err(failed));
            }
        }
    }
}

#[cfg(test)]
mod tests;
