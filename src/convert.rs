//! `convert`: turns JSON that `put-vectors` cannot read into JSON that it can.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::cli::Convert;
use crate::exit::{ErrorCode, Failure};
use crate::private;
use crate::put::unreadable;
use crate::read::{Convertible, Form, Stopped, Written};
use crate::record::Input;
use crate::shown::quoted;
use crate::words::plural;

/// Converts an input and returns the message to print; nothing is written unless all of it can be converted.
pub(crate) fn convert(arguments: &Convert) -> Result<String, Failure> {
    let Convert { input, output, key, vector, encoding } = arguments;
    if output.as_os_str() == "-" {
        return Err(Failure::new(ErrorCode::Usage, "convert writes to a file, not to standard output")
            .advise("name a new file, and load it with ossvec put-vectors"));
    }
    let form = Form {
        encoding: encoding.0,
        key: key.iter().cloned().collect(),
        vector: vector.iter().cloned().collect(),
        ..Form::default()
    };
    let input = if input.as_os_str() == "-" { Input::Stdin } else { Input::File(input.clone()) };
    let convertible = Convertible::read(input.clone(), &form).map_err(|error| unreadable(&error))?;
    let convertible = convertible.ok_or_else(|| {
        Failure::new(ErrorCode::InputInvalid, format!("there is nothing to convert in {input}"))
            .advise("load it as it is with ossvec put-vectors")
    })?;
    let stopped = |stopped| failure(stopped, &input, output);
    convertible.write(&mut |_| Ok(())).map_err(stopped)?;
    let written = match convertible.written() {
        Written::Files => files(&convertible, output),
        Written::Lines | Written::Columns => lines(&convertible, output),
    }
    .map_err(stopped)?;
    let what = match convertible.written() {
        Written::Lines => plural(written, "record"),
        Written::Columns => "one object of columns".to_owned(),
        Written::Files => plural(written, "file"),
    };
    Ok(format!("{what} written to {}\n", quoted(&output.display().to_string())))
}

/// Writes all records into one new file, each on a line. The file gets its name only when it is complete: part of the
/// input must not be loaded as if it were all.
fn lines(convertible: &Convertible, output: &Path) -> Result<u64, Stopped> {
    refuse_existing(output)?;
    let (file, unfinished) = private::create_beside(output, UNFINISHED)?;
    let mut file = BufWriter::new(file);
    let mut written = 0;
    let done = convertible.write(&mut |record| {
        written += 1;
        file.write_all(record)?;
        file.write_all(b"\n")
    });
    let done = done.and_then(|()| {
        file.flush()?;
        owner_may_read(file.get_ref())?;
        // A hard link does not replace a file created in the meantime; not every file system has them.
        match fs::hard_link(&unfinished, output) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Ok(fs::rename(&unfinished, output)?)
            }
            linked => Ok(linked?),
        }
    });
    private::remove_if_there(&unfinished)?;
    done.map(|()| written)
}

/// Writes each object of columns into its own file, in a new directory that gets its name only when it is complete.
fn files(convertible: &Convertible, output: &Path) -> Result<u64, Stopped> {
    refuse_existing(output)?;
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(UNFINISHED);
    let unfinished = output.with_file_name(name);
    fs::create_dir(&unfinished).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::Error::other(format!(
            "{} exists, which an earlier run did not finish; remove it",
            unfinished.display()
        )),
        _ => error,
    })?;
    let mut written = 0;
    let done = convertible.write(&mut |columns| {
        written += 1;
        let path = unfinished.join(format!("page-{written:06}.json"));
        private::writing().create_new(true).open(path)?.write_all(columns)
    });
    let done = done.and_then(|()| Ok(fs::rename(&unfinished, output)?));
    if done.is_err() {
        // What has failed already says more than what fails then.
        fs::remove_dir_all(&unfinished).unwrap_or_default();
    }
    done.map(|()| written)
}

/// The suffix of an output's name until it is complete.
const UNFINISHED: &str = ".ossvec-new";

fn refuse_existing(output: &Path) -> io::Result<()> {
    if output.symlink_metadata().is_ok() { Err(io::ErrorKind::AlreadyExists.into()) } else { Ok(()) }
}

#[cfg(unix)]
fn owner_may_read(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn owner_may_read(_: &File) -> io::Result<()> {
    Ok(())
}

fn failure(stopped: Stopped, input: &Input, output: &Path) -> Failure {
    match stopped {
        Stopped::Here { line, what } => {
            Failure::new(ErrorCode::InputInvalid, format!("cannot convert {input}: line {line}: {what}"))
                .advise("nothing was written")
        }
        Stopped::Writing(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Failure::new(ErrorCode::Usage, format!("{} already exists", output.display()))
                .advise("choose another name for the output, or remove it")
        }
        Stopped::Writing(error) => {
            Failure::new(ErrorCode::of_writing(&error), format!("cannot write {}: {error}", output.display()))
        }
    }
}
