//! From the command line to the exit code: one function a command, and the printing of results and errors.

use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cli::{
    Cli, Command, Completions, ConfigCommand, ConfigShow, Generate, Global, OutputFormat, PutVectors, Serve,
    VectorsApiCommand,
};
use crate::command_line::CommandLine;
use crate::emulator::{self, Service};
use crate::exit::{Exit, Failure};
use crate::generate;
use crate::index_names;
use crate::init;
use crate::log;
use crate::oss::time::Timestamp;
use crate::put::report::{Summary, visible};
use crate::put::{self, Calls, Finished};
use crate::settings::{self, Environment, Form, LOCAL_BUCKET, Load, Output};
use crate::signals;

/// Runs the program on its arguments and says how it ended.
pub fn run(arguments: impl Iterator<Item = OsString>, environment: &Environment) -> Exit {
    let arguments: Vec<_> = arguments.collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, output_format(&arguments)),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::new(Exit::Client, format!("cannot start: {error}"))),
    };
    let result = ResultOnce::default();
    // Whoever reads the result gets one also where the program itself is broken.
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(command(&cli, environment, &arguments, &result))
    }));
    // A thread may still wait for standard input; nothing is lost by not waiting for it.
    runtime.shutdown_background();
    let done = done.unwrap_or_else(|_| Err(Failure::new(Exit::Client, "a defect in ossvec itself")));
    done.unwrap_or_else(|failure| not_begun(&failure, output_format(&arguments), &result))
}

/// Standard output holds one result, whoever comes to print it: the end of the run, or the end of the process.
#[derive(Clone, Default)]
struct ResultOnce(Arc<Mutex<bool>>);

impl ResultOnce {
    /// Prints the result, unless there is one already.
    fn print(&self, text: &str) -> std::io::Result<()> {
        let mut is_printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut is_printed, true) { Ok(()) } else { out(text) }
    }

    /// The same where another thread may be printing that nobody wants to wait for very long.
    fn print_soon(&self, text: &str) {
        for _ in 0..50 {
            if let Ok(mut is_printed) = self.0.try_lock() {
                if !std::mem::replace(&mut is_printed, true) {
                    // Nobody is left who could be told that it failed.
                    out(text).unwrap_or_default();
                }
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What a process that is ended by a second signal still does: a script that reads JSON gets its document.
fn last_words(output: Output, result: &ResultOnce) -> impl FnOnce() + Send + 'static {
    let result = result.clone();
    move || {
        let failure = Failure::new(Exit::Interrupted, "stopped at once by a second signal");
        if output == Output::Json
            && let Ok(text) = json(&Summary::of_failure(&failure))
        {
            result.print_soon(&text);
        }
    }
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
    for warning in settings::check(global, form)? {
        warn(&warning, global);
    }
    let line = command_line(arguments, global);
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
        OutputFormat::Json => serde_json::to_string_pretty(&shown).map(|text| text + "\n"),
        _ => Ok(settings::lines(&shown, arguments.origin)),
    };
    let printed = text.map_err(std::io::Error::from).and_then(|text| out(&text));
    Ok(printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}

/// Asks for the settings and writes them.
fn config_init(global: &Global, environment: &Environment) -> Result<Exit, Failure> {
    let init::Written { path, profile } = init::init(global, environment)?;
    let printed = out(&format!("profile {profile} is in {}\n", path.display()));
    Ok(printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}

/// Tells of what is not wrong but should be known.
fn warn(warning: &str, global: &Global) {
    if !global.quiet {
        err(warning);
    }
}

/// The form of the summary that the command line asks for, even if it is wrong elsewhere.
fn output_format(arguments: &[OsString]) -> OutputFormat {
    const COMMANDS: [&str; 5] = ["put-vectors", "put", "vectors-api", "serve", "config"];
    let mut commands = arguments.iter().filter(|argument| COMMANDS.iter().any(|command| argument == command));
    let has_summary = commands.next().is_some_and(|command| command == "put-vectors" || command == "put");
    let is_json = arguments.iter().any(|argument| argument == "--output-format=json")
        || arguments.windows(2).any(|pair| pair == ["--output-format", "json"]);
    if is_json && has_summary { OutputFormat::Json } else { OutputFormat::Text }
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
    log::begin(&log)?;
    if let Some(warning) = service.as_ref().and_then(|service| service.warning.as_ref()) {
        warn(warning, global);
    }
    let (stop_local, stopped) = watch::channel(false);
    let mut serving = None;
    let service = match (service, local) {
        (Some(service), Some(local)) => {
            let listener = bind("127.0.0.1:0").await?;
            let address = listener.local_addr().map_err(|error| cannot_listen("127.0.0.1:0", &error))?;
            serving = Some(tokio::spawn(emulator::serve(listener, raised(stopped), open(local)?)));
            Some(service.at(address)?)
        }
        (service, _) => service,
    };
    job.client = service.map(settings::ServiceSettings::client).transpose()?;
    let (bucket, index) = (job.telling.bucket.clone(), job.telling.index_name.clone());
    tracing::info!(bucket, index, inputs = job.inputs.len(), dry_run = job.client.is_none(), "load begins");
    let calls =
        Calls { interrupt: signals::interrupt(last_words(output, result)), progress: signals::progress() };
    let finished = put::run(job, calls).await;
    let Summary { stored, rejected, unknown, exit_code, .. } = finished.summary;
    tracing::info!(bucket, index, stored, rejected, unknown, exit_code, "load ends");
    stop_local.send_replace(true);
    if let Some(serving) = serving {
        match serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(Failure::new(Exit::Client, format!("the local service: {error:#}")));
            }
            Err(error) => return Err(Failure::new(Exit::Client, format!("the local service: {error}"))),
        }
    }
    Ok(tell(&finished, output, global.quiet, result))
}

async fn serve(arguments: &Serve, global: &Global, environment: &Environment) -> Result<Exit, Failure> {
    log::begin(&settings::serve_log(global, environment)?)?;
    let options = settings::serve(arguments, global)?;
    let listener = bind(&arguments.listen).await?;
    let address = listener.local_addr().map_err(|error| cannot_listen(&arguments.listen, &error))?;
    let hello = hello(&options, address);
    let service = open(options)?;
    err(&hello);
    emulator::serve(listener, raised(signals::interrupt(|| ())), service)
        .await
        .map_err(|error| Failure::new(Exit::Client, format!("{error:#}")))?;
    Ok(Exit::Complete)
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
    for file in generate::files() {
        let path = arguments.folder.join(file.path);
        let folder = path.parent().unwrap_or(&arguments.folder);
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, file.text)).map_err(|error| {
            Failure::new(Exit::Client, format!("cannot write {}: {error}", path.display()))
        })?;
    }
    Ok(Exit::Complete)
}

/// What a service tells when it begins: where it is, and a command that loads into it.
fn hello(options: &emulator::Options, address: SocketAddr) -> String {
    let usual = emulator::Options::default();
    let secret = if options.access_key_secret == usual.access_key_secret {
        usual.access_key_secret.expose()
    } else {
        "…"
    };
    let emulator::Options { access_key_id, region, account, .. } = options;
    format!(
        "OSS Vectors service at http://{address}, region {region}, account {account}\n\
         load into it:\n  \
         OSS_ACCESS_KEY_ID={access_key_id} OSS_ACCESS_KEY_SECRET={secret} ossvec put-vectors FILE \\\n    \
         --endpoint http://{address} --region {region} --account-id {account} --bucket {LOCAL_BUCKET} \\\n    \
         --index-name vectors --create-index --distance-metric cosine\n\
         for SDKs, which put the bucket into the host name: http://localhost:{}",
        address.port()
    )
}

/// Opens a local service's data and sees to it that there is a bucket.
fn open(options: emulator::Options) -> Result<Arc<Service>, Failure> {
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

/// The command line as it can be shown: secrets among it are known.
fn command_line(arguments: &[OsString], global: &Global) -> CommandLine {
    let arguments = arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let proxy = global.proxy.clone().filter(|url| url.expose().contains('@'));
    let secrets = [
        (&global.access_key_secret, "OSS_ACCESS_KEY_SECRET"),
        (&global.sts_token, "OSS_SESSION_TOKEN"),
        (&proxy, "HTTPS_PROXY"),
    ];
    let secrets = secrets
        .into_iter()
        .filter_map(|(secret, variable)| Some((secret.as_ref()?.expose().to_owned(), variable)));
    CommandLine::new(arguments, secrets.collect())
}

/// Prints the result on standard output and, where it is not seen there, the way on to standard error.
fn tell(finished: &Finished, output: Output, quiet: bool, result: &ResultOnce) -> Exit {
    let Finished { summary, failure } = finished;
    // Of a run that failed before it read anything, the error says it all, unless there is a way to go on.
    let is_untold = failure.is_some() && summary.is_empty() && summary.resume_command.is_none();
    let text = if is_untold { String::new() } else { summary.text() };
    let printed = match output {
        Output::Text => out(&text),
        Output::Json => json(summary).and_then(|text| result.print(&text)),
        Output::Ossutil if summary.exit_code == Exit::Complete.code() && !quiet => out(&elapsed(summary)),
        Output::Events | Output::Ossutil => Ok(()),
    };
    // Whoever reads standard error learns all of it, unless standard output has it in the same form.
    let is_wanted = match output {
        _ if summary.exit_code != Exit::Complete.code() => true,
        Output::Ossutil => !quiet,
        Output::Events => true,
        Output::Text | Output::Json => false,
    };
    if is_wanted && output != Output::Text && !is_untold {
        err(text.trim_end());
    }
    let exit = failure.as_ref().map_or(partial(summary), fail);
    if let Some(command) = &summary.resume_command
        && !std::io::stdout().is_terminal()
    {
        err(&format!("        continue with: {command}"));
    }
    printed.map_or_else(|error| unprinted(&error, exit), |()| exit)
}

/// What ossutil 2 prints behind the service's empty answer, unless it is to be quiet.
fn elapsed(summary: &Summary) -> String {
    format!("\n{}.{:03}000(s) elapsed\n", summary.elapsed_ms / 1_000, summary.elapsed_ms % 1_000)
}

/// The end when the result could not be printed. That nobody reads it any more is no failure of the load.
fn unprinted(error: &std::io::Error, exit: Exit) -> Exit {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => exit,
        _ => fail(&Failure::new(Exit::Client, format!("cannot write the result: {error}"))),
    }
}

fn partial(summary: &Summary) -> Exit {
    if summary.is_partial() { Exit::Partial } else { Exit::Complete }
}

fn json(summary: &Summary) -> std::io::Result<String> {
    Ok(serde_json::to_string_pretty(summary)? + "\n")
}

/// Help and version are results; everything else is one clear line, with the nearest right thing if there is one.
fn usage(error: &clap::Error, output: OutputFormat) -> Exit {
    if !error.use_stderr() {
        let printed = out(&error.render().to_string());
        return printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete);
    }
    let text = error.render().to_string();
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        err(text.trim_end());
        return Exit::Usage;
    }
    let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let listed = text.lines().skip(1).take_while(|line| line.starts_with("  ") && !line.contains("tip:"));
    let message = listed.fold(first.to_owned(), |message, line| format!("{message} {}", line.trim()));
    // How to pass an unknown option as an input helps nobody who mistyped one.
    let mut tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let tip = tips.find(|tip| !tip.starts_with("to pass "));
    let advice = tip.map_or("see ossvec --help".to_owned(), str::to_owned);
    not_begun(&Failure::new(Exit::Usage, message).advise(advice), output, &ResultOnce::default())
}

/// Tells of a command that could not even begin; a script that reads JSON gets its document all the same.
fn not_begun(failure: &Failure, output: OutputFormat, result: &ResultOnce) -> Exit {
    let printed = match output {
        OutputFormat::Text | OutputFormat::Raw | OutputFormat::Xml | OutputFormat::Yaml => Ok(()),
        OutputFormat::Json => json(&Summary::of_failure(failure)).and_then(|text| result.print(&text)),
    };
    let exit = fail(failure);
    printed.map_or_else(|error| unprinted(&error, exit), |()| exit)
}

fn fail(failure: &Failure) -> Exit {
    err(&format!("ossvec: {}", visible(&failure.message)));
    if let Some(advice) = &failure.advice {
        err(&format!("        {}", visible(advice)));
    }
    failure.exit
}

fn out(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a line on standard error; if that is closed, there is nobody left to tell.
fn err(line: &str) {
    writeln!(std::io::stderr().lock(), "{line}").unwrap_or_default();
}
