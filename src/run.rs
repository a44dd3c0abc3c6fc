//! From the command line to the exit code: one function a command.

use std::ffi::OsString;
use std::io::Read;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgMatches, CommandFactory, Parser};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cli::{
    Cli, Command, Completions, ConfigCommand, ConfigShow, Generate, Global, OutputFormat, PutVectors, Serve,
    VectorsApiCommand,
};
use crate::command_line::CommandLine;
use crate::exit::{Exit, Failure, own_defect};
use crate::generate;
use crate::index_names;
use crate::init;
use crate::local_service::{self, Service};
use crate::log;
use crate::oss::time::Timestamp;
use crate::print::{Document, ResultOnce, err, last_words, not_begun, out, tell, unprinted, usage, warn};
use crate::put::report::Summary;
use crate::put::{self, Calls, Tally};
use crate::resources;
use crate::settings::{self, Environment, Form, LOCAL_BUCKET, Load};
use crate::shown::{pretty_json, visible, visible_lines};
use crate::signals;

/// What the runtime opens, with some in reserve.
const FILES_OF_RUNTIME: usize = 10;
/// What a load opens beside its connections: inputs, journal, rejects, events, log and locks, with some in reserve.
const FILES_OF_LOAD: usize = 16;
/// The threads of the runtime, and one of each kind in reserve.
const THREADS_OF_RUNTIME: usize = 4;
/// Threads that wait for what holds up others are kept: later there might be none to be had.
const THREADS_STAY: Duration = Duration::from_mins(10);

/// Runs the program on its arguments and says how it ended.
pub fn run(arguments: impl Iterator<Item = OsString>, environment: &Environment) -> Exit {
    std::panic::set_hook(Box::new(defect));
    let arguments: Vec<_> = arguments.collect();
    let result = ResultOnce::default();
    let ended = resources::with_own_stack(|| ended(&arguments, environment, &result));
    ended.unwrap_or_else(|failure| not_begun(&failure, document(&arguments), environment, &result))
}

/// Runs the command line, and tells of whatever did not let it begin.
fn ended(arguments: &[OsString], environment: &Environment, result: &ResultOnce) -> Exit {
    // Whoever reads the result gets one also where the program itself is broken.
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| match Cli::try_parse_from(arguments) {
        Ok(cli) => parsed(&cli, environment, arguments, result),
        Err(error) => usage(&error, &format!("ossvec {}", named(arguments).join(" "))),
    }));
    let done = done.unwrap_or_else(|_| Err(own_defect()));
    done.unwrap_or_else(|failure| not_begun(&failure, document(arguments), environment, result))
}

/// Tells of a defect by its place, and of nothing that may be somebody's data; whoever holds the thread tells what comes
/// of it.
fn defect(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    err(&format!("note: a defect in ossvec itself, at {place}; please report it with this line"));
}

/// Runs a command line that can be understood.
fn parsed(
    cli: &Cli,
    environment: &Environment,
    arguments: &[OsString],
    result: &ResultOnce,
) -> Result<Exit, Failure> {
    resources::descriptors(FILES_OF_RUNTIME)?;
    resources::threads(THREADS_OF_RUNTIME)?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_keep_alive(THREADS_STAY).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Client, format!("cannot start: {error}")))?;
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            resources::spare_thread().await?;
            signals::outgrown_files_are_errors();
            command(cli, environment, arguments, result).await
        })
    }));
    // A thread may still wait for standard input; nothing is lost by not waiting for it.
    runtime.shutdown_background();
    done.unwrap_or_else(|_| Err(own_defect()))
}

/// Runs the command that is asked for.
async fn command(
    cli: &Cli,
    environment: &Environment,
    arguments: &[OsString],
    result: &ResultOnce,
) -> Result<Exit, Failure> {
    let global = &cli.global;
    let form = if matches!(cli.command, Command::VectorsApi(_)) { Form::Ossutil } else { Form::Own };
    for warning in settings::warnings(global, form)? {
        warn(&warning, global);
    }
    let line =
        CommandLine::new(arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect());
    match &cli.command {
        Command::PutVectors(arguments) => {
            put_vectors((arguments, form), global, environment, &line, result).await
        }
        Command::VectorsApi(api) => match &api.command {
            VectorsApiCommand::PutVectors(arguments) => {
                put_vectors((arguments, form), global, environment, &line, result).await
            }
        },
        Command::Serve(arguments) => serve(arguments, global, environment).await,
        Command::Config(config) => match &config.command {
            ConfigCommand::Show(arguments) => config_show(arguments, global, environment),
            ConfigCommand::Init => config_init(global, environment),
        },
        Command::Completions(arguments) => completions(arguments),
        Command::Generate(arguments) => generate(arguments),
        Command::CompleteIndexes => complete_indexes(environment).await,
    }
}

/// Prints every setting that a load would use.
fn config_show(arguments: &ConfigShow, global: &Global, environment: &Environment) -> Result<Exit, Failure> {
    let format = settings::show_format(arguments.output_format)?;
    let shown = settings::show(arguments, global, environment)?;
    let text = match format {
        OutputFormat::Json => pretty_json(&shown).map(|text| text + "\n"),
        _ => Ok(settings::lines(&shown, arguments.origin)),
    };
    let printed = text.map_err(std::io::Error::from).and_then(|text| out(&text));
    Ok(printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}

/// Asks for the settings and writes them.
fn config_init(global: &Global, environment: &Environment) -> Result<Exit, Failure> {
    let init::Written { path, profile } = init::init(global, environment)?;
    let printed = out(&(visible(&format!("profile {profile} is in {}", path.display())) + "\n"));
    Ok(printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}

/// The commands that a line names, one within the other, even if it is wrong elsewhere.
fn named(arguments: &[OsString]) -> Vec<String> {
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(arguments);
    let first = matches.as_ref().ok().and_then(ArgMatches::subcommand);
    std::iter::successors(first, |(_, matches)| matches.subcommand())
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// What a script waits for on standard output, even if the command line is wrong elsewhere.
fn document(arguments: &[OsString]) -> Document {
    let is_json = arguments.iter().any(|argument| argument == "--output-format=json")
        || arguments.windows(2).any(|pair| pair == ["--output-format", "json"]);
    match named(arguments).first().map(String::as_str) {
        _ if !is_json => Document::None,
        // Who mistypes a command means one that has a summary.
        Some("put-vectors") | None => Document::Summary,
        Some("config") => Document::Failure,
        Some(_) => Document::None,
    }
}

/// Loads, with the local service around it if there is to be one.
async fn put_vectors(
    (arguments, form): (&PutVectors, Form),
    global: &Global,
    environment: &Environment,
    command_line: &CommandLine,
    result: &ResultOnce,
) -> Result<Exit, Failure> {
    let Load { mut job, service, local, output, log } =
        settings::load((arguments, form), global, environment, command_line)?;
    let connections = job.jobs * if local.is_some() { 2 } else { 1 };
    resources::descriptors(FILES_OF_LOAD + connections)?;
    let logged = log::begin(&log)?;
    if let Some(warning) = service.as_ref().and_then(|service| service.warning.as_ref()) {
        warn(warning, global);
    }
    let (stop_local, stopped) = watch::channel(false);
    let mut serving = None;
    let service = match (service, local) {
        (Some(service), Some(local)) => {
            let listener = bind("127.0.0.1:0").await?;
            let address = listener.local_addr().map_err(|error| cannot_listen("127.0.0.1:0", &error))?;
            serving = Some(tokio::spawn(local_service::serve(listener, raised(stopped), open(local)?)));
            Some(service.at(address)?)
        }
        (service, _) => service,
    };
    job.client = service.map(settings::ServiceSettings::client).transpose()?;
    let (bucket, index) = (job.telling.bucket.clone(), job.telling.index_name.clone());
    tracing::info!(bucket, index, inputs = job.inputs.len(), dry_run = job.client.is_none(), "load begins");
    let calls =
        Calls { interrupt: signals::interrupt(last_words(output, result)), progress: signals::progress() };
    let mut finished = Box::pin(put::run(job, calls)).await;
    stop_local.send_replace(true);
    if let Some(serving) = serving {
        let ended = serving.await.unwrap_or_else(|error| Err(error.into()));
        let failed =
            ended.map_err(|error| Failure::new(Exit::Client, format!("the local service: {error:#}")));
        failed.unwrap_or_else(|failure| finished.fail(failure));
    }
    let Summary { balance, exit_code, .. } = finished.summary;
    let Tally { stored, rejected, unknown, .. } = balance.tally;
    tracing::info!(bucket, index, stored, rejected, unknown, exit_code, "load ends");
    if let Some(failure) = logged.failure(&log) {
        if finished.failure.is_some() {
            warn(&format!("note: {}", failure.message), global);
        }
        finished.fail(failure);
    }
    Ok(tell(&finished, output, global.quiet, result))
}

async fn serve(arguments: &Serve, global: &Global, environment: &Environment) -> Result<Exit, Failure> {
    let options = settings::serve(arguments, global)?;
    let log = settings::serve_log(&options, global, environment)?;
    let logged = log::begin(&log)?;
    let listener = bind(&arguments.listen).await?;
    let address = listener.local_addr().map_err(|error| cannot_listen(&arguments.listen, &error))?;
    let hello = hello(&options, address);
    let service = open(options)?;
    err(&visible_lines(&hello));
    local_service::serve(listener, raised(signals::interrupt(|| ())), service)
        .await
        .map_err(|error| Failure::new(Exit::Client, format!("{error:#}")))?;
    logged.failure(&log).map_or(Ok(Exit::Complete), Err)
}

/// Prints a completion script.
fn completions(arguments: &Completions) -> Result<Exit, Failure> {
    out(&generate::completions(arguments.shell))
        .map_or_else(|error| Ok(unprinted(&error, Exit::Complete)), |()| Ok(Exit::Complete))
}

/// Prints the names of the indexes in the bucket that the typed line names. Whoever completes a word wants no errors.
async fn complete_indexes(environment: &Environment) -> Result<Exit, Failure> {
    let mut line = String::new();
    let is_read = std::io::stdin().read_to_string(&mut line).is_ok();
    let names = if is_read { index_names::of_typed(&line, environment).await } else { None };
    for name in names.unwrap_or_default() {
        out(&(name + "\n")).unwrap_or_default();
    }
    Ok(Exit::Complete)
}

/// Writes what is generated into a copy of the project's tree.
fn generate(arguments: &Generate) -> Result<Exit, Failure> {
    let failed = |what: &str, path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(Exit::Client, format!("cannot {what} {}: {error}", path.display()))
    };
    for file in generate::files() {
        let path = arguments.folder.join(file.path);
        let folder = path.parent().unwrap_or(&arguments.folder);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, file.text))
            .map_err(|error| failed("write", &path, &error))?;
    }
    for part in generate::parts() {
        let path = arguments.folder.join(part.path);
        let page = match std::fs::read_to_string(&path) {
            Ok(page) => page,
            // A folder without the page has no part of it to renew.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("read", &path, &error)),
        };
        let page = part.renewed(&page).ok_or_else(|| {
            failed("renew", &path, &format!("it lacks the line {:?}, or {:?} after it", part.begin, part.end))
        })?;
        std::fs::write(&path, page).map_err(|error| failed("write", &path, &error))?;
    }
    Ok(Exit::Complete)
}

/// What a service tells when it begins: where it is, and how to load into it.
fn hello(options: &local_service::Options, address: SocketAddr) -> String {
    let usual = local_service::Options::default();
    let is_usual = options.access_key_secret == usual.access_key_secret;
    let secret = if is_usual { usual.access_key_secret.expose() } else { "…" };
    let local_service::Options { access_key_id, region, account, .. } = options;
    let port = address.port();
    let host = if address.ip().is_unspecified() { format!("127.0.0.1:{port}") } else { address.to_string() };
    let warning = if is_usual && !address.ip().is_loopback() {
        "warning: whoever reaches this machine can write here: the access key is the usual one\n"
    } else {
        ""
    };
    format!(
        "{warning}OSS Vectors service at http://{host}, data in {}\n\
         to load into it, in another terminal:\n  \
         export OSS_ENDPOINT=http://{host} OSS_REGION={region} OSS_ACCOUNT_ID={account}\n  \
         export OSS_ACCESS_KEY_ID={access_key_id} OSS_ACCESS_KEY_SECRET={secret}\n  \
         ossvec put-vectors FILE --bucket {LOCAL_BUCKET} --index-name vectors --create-index \\\n    \
         --distance-metric cosine\n\
         for SDKs, which put the bucket into the host name: http://localhost:{port}",
        options.data.as_deref().map_or_else(|| "memory".to_owned(), |data| data.display().to_string())
    )
}

/// Opens a local service's data and sees to it that there is a bucket.
fn open(options: local_service::Options) -> Result<Arc<Service>, Failure> {
    let service = Service::open(options).and_then(|service| {
        service.store().put_bucket(LOCAL_BUCKET, &Timestamp::now().rfc3339_millis())?;
        Ok(Arc::new(service))
    });
    service.map_err(|error| {
        Failure::new(Exit::Client, format!("cannot open the local service's data: {error:#}"))
    })
}

async fn bind(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))
}

fn cannot_listen(address: &str, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Client, format!("cannot listen on {address}: {error}"))
        .advise("--listen names another address")
}

/// Ends when the flag is raised.
async fn raised(mut flag: watch::Receiver<bool>) {
    if flag.wait_for(|raised| *raised).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_gets_its_document_whatever_is_wrong_with_the_command_line() {
        for (line, wanted) in [
            ("put-vectors a --output-format json", Document::Summary),
            ("put a --output-format=json", Document::Summary),
            ("-c config put-vectors a --output-format json", Document::Summary),
            ("--profile serve put-vectors a --output-format json", Document::Summary),
            ("put-vectors a --nope --output-format json", Document::Summary),
            ("--nope put-vectors a --output-format json", Document::Summary),
            ("put-vector a --output-format json", Document::Summary),
            ("config show --output-format json", Document::Failure),
            ("vectors-api put-vectors --output-format json", Document::None),
            ("serve --output-format json", Document::None),
            ("put-vectors a", Document::None),
        ] {
            let arguments: Vec<_> =
                std::iter::once("ossvec").chain(line.split(' ')).map(OsString::from).collect();
            assert_eq!(document(&arguments), wanted, "{line}");
        }
    }
}
