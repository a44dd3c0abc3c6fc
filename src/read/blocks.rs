//! The records of all inputs in their order, block by block. An input that cannot be read further does not end the
//! others.

use super::aligned::Aligned;
use super::buffers::Buffers;
use super::error::ReadError;
use super::open_input::file_bytes;
use super::preflight::{beginning, told};
use super::recognise::Form;
use super::sizes::Sizes;
use crate::record::{Block, Input, Position, Span};

/// Starts to read `inputs` in their order, from a place of an earlier reading if there is one.
///
/// Reading can continue from the start of a record, the place after one, and the end of a block.
pub fn open(inputs: &[Input], form: &Form, from: Option<Position>) -> Result<Blocks, ReadError> {
    Blocks::new(inputs, form, from, Sizes::USUAL)
}

/// The total size of the input files, before decompression, unless one of them is a pipe.
pub(crate) fn total_bytes(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(file_bytes).sum()
}

/// An input that cannot be read any further. How much of it is left after that place is unknown.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct FailedInput {
    /// Where to continue once it is repaired: everything before has been handed out.
    pub at: Position,
    /// A hash to check later that the text before that place is unchanged: see [`beginning`](super::begins_as).
    pub beginning: Option<String>,
    /// Why.
    pub error: ReadError,
}

/// The records of all inputs in order, block by block. After an error, reading continues with the next input.
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
    /// The form that was recognised, in words.
    pub form: String,
    /// Bytes of its file, unless it is a pipe.
    pub bytes: Option<u64>,
}

/// The input that is being read.
struct Current {
    reading: Aligned,
    /// Where to continue this input.
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
            bytes_before: numbered.iter().filter_map(|(_, input)| file_bytes(input)).sum(),
            when_empty: Box::new(|_| ()),
            when_opened: None,
            when_repeated: Box::new(|_, _| ()),
            when_recognised: Box::new(|_, _| ()),
        })
    }

    /// Skips what an earlier run settled: the beginning of an input, or all of it.
    #[must_use]
    pub fn passing_over(self, settled: Vec<Span>) -> Self {
        Self { settled, ..self }
    }

    /// The bytes of inputs that are skipped entirely. No block counts them.
    pub(crate) fn bytes_passed_over(&self) -> u64 {
        let is_passed = |number: u32| matches!(self.start(number, self.from), Start::Nowhere);
        let passed = self.waiting.as_slice().iter().filter(|(number, _)| is_passed(*number));
        passed.filter_map(|(_, input)| file_bytes(input)).sum()
    }

    /// Calls back with the number of each input that has no records.
    #[must_use]
    pub fn when_empty(self, told: impl FnMut(u32) + Send + 'static) -> Self {
        Self { when_empty: Box::new(told), ..self }
    }

    /// Calls back for each opened input with what it was recognised as.
    #[must_use]
    pub fn when_opened(self, told: impl FnMut(u32, Opened) + Send + 'static) -> Self {
        Self { when_opened: Some(Box::new(told)), ..self }
    }

    /// Calls back at the end of an input that repeats its header, with the first place and the number of repetitions.
    #[must_use]
    pub fn when_header_repeated(self, told: impl FnMut(Position, u64) + Send + 'static) -> Self {
        Self { when_repeated: Box::new(told), ..self }
    }

    /// Calls back with what an input was recognised as, if it can be read only once and this is worth a note.
    #[must_use]
    pub fn when_recognised(self, told: impl FnMut(u32, String) + Send + 'static) -> Self {
        Self { when_recognised: Box::new(told), ..self }
    }

    /// Where to begin in the next input, which has this number.
    fn start(&self, number: u32, from: Option<Position>) -> Start {
        let mut place = from.filter(|from| from.input == number).unwrap_or_else(|| start_of(number));
        // Settled stretches may be adjacent; skip each of them once.
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
                    told(number, Opened { form: current.reading.reader.form(), bytes: file_bytes(input) });
                }
                self.current = Some(current);
                Ok(())
            }
            Err(error) => Err(self.failed(input, place, error)),
        }
    }

    fn failed(&mut self, input: &Input, at: Position, error: ReadError) -> Box<FailedInput> {
        self.bytes_before += file_bytes(input).unwrap_or_default();
        Box::new(FailedInput { at, beginning: beginning(input, at, self.form.encoding), error })
    }

    /// Reads the next block of the current input; `None` at its end.
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

/// Whether an input is a stream, such as a pipe, that cannot be read again.
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

/// Whether `span` settles `place`. A span begins at a record; text before the first record of an input has none.
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
