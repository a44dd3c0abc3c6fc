//! Options that are defined only when their command is to run.
//!
//! Otherwise a short command would spend most of its time defining the options of other commands.

use std::collections::VecDeque;
use std::ops::Deref;

use clap::builder::Resettable;
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// The options of a command, without their definition until it is needed.
#[derive(Clone, Debug)]
pub struct Deferred<T>(pub Box<T>);

impl<T: Args> Deferred<T> {
    /// The command with these options, placed before those that it inherits. The command keeps its own help texts,
    /// whatever the options' struct has.
    pub(super) fn define(command: Command) -> Command {
        let about = Resettable::from(command.get_about().cloned());
        let long_about = Resettable::from(command.get_long_about().cloned());
        let from_above = command.get_arguments().count();
        let command = T::augment_args(command).about(about).long_about(long_about);
        let mut all = VecDeque::new();
        let command = command.mut_args(|option| {
            all.push_back(option);
            Arg::default()
        });
        all.rotate_left(from_above);
        command.mut_args(|taken| all.pop_front().unwrap_or(taken))
    }
}

impl<T> Deref for Deferred<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Args> Args for Deferred<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        command.defer(Self::define)
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(Self::define)
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(|options| Self(Box::new(options)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(|options| Self(Box::new(options)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
