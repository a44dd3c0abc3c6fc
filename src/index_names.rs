//! The names of a bucket's indexes, for completion scripts, which pass the line typed so far.

use std::time::Duration;

use bytes::Bytes;
use clap::{CommandFactory, FromArgMatches};

use crate::cli::{Cli, Command, VectorsApi, VectorsApiCommand};
use crate::oss::client::{Body, Client};
use crate::oss::limits;
use crate::oss::operation::Operation;
use crate::oss::wire::{IndexName, ListVectorIndexesAnswer, ListVectorIndexesRequest};
use crate::settings::{self, Environment};

/// How long the user of a completion waits at most, for all requests together.
const WITHIN: Duration = Duration::from_millis(1500);

/// The maximum number of pages requested; a bucket's indexes fit on one.
const PAGES: usize = 10;

/// The index names in the bucket that the line and the settings identify; `None` after any failure.
pub(crate) async fn of_typed(line: &str, environment: &Environment) -> Option<Vec<String>> {
    let home = environment.get("HOME").map(String::as_str);
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(words(line, home)).ok()?;
    let cli = Cli::from_arg_matches(&matches).ok()?;
    let to = match cli.command {
        Command::PutVectors(put)
        | Command::VectorsApi(VectorsApi { command: VectorsApiCommand::PutVectors(put) }) => put.0.to,
        Command::Verify(verify) => verify.0.load.to,
        _ => return None,
    };
    let client = settings::listing(&to, &cli.global, environment).ok()?.client().ok()?;
    tokio::time::timeout(WITHIN, list(&client)).await.ok()?
}

async fn list(client: &Client) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut request = ListVectorIndexesRequest::default();
    for _ in 0..PAGES {
        let body = Body::new(vec![Bytes::from(serde_json::to_vec(&request).ok()?)]);
        let answer = client.call(Operation::ListVectorIndexes, &body, 0, Box::new(|| ())).await.ok()?;
        let page: ListVectorIndexesAnswer<IndexName> = serde_json::from_slice(&answer.body).ok()?;
        // Only valid names: the shell could run anything else as code.
        let good = page.indexes.into_iter().filter(|index| limits::index_name(&index.index_name).is_ok());
        names.extend(good.map(|index| index.index_name));
        request.next_token = page.next_token.filter(|token| !token.is_empty());
        if request.next_token.is_none() {
            break;
        }
    }
    Some(names)
}

/// The words of the last command in a line, from `ossvec` on, without quotes and backslashes. Only a leading `~/` is
/// expanded: the values of variables are not known here.
fn words(line: &str, home: Option<&str>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                while let Some(inner) = letters.next().filter(|inner| *inner != letter) {
                    let is_escape = inner == '\\' && letter == '"';
                    word.extend(if is_escape { letters.next() } else { Some(inner) });
                }
            }
            '\\' => match letters.next() {
                Some('\n') | None => {}
                Some(next) => word.get_or_insert_default().push(next),
            },
            // Another user's home directory is not known here.
            '~' if word.is_none()
                && letters.peek().is_none_or(|next| *next == '/' || next.is_whitespace()) =>
            {
                word = Some(home.unwrap_or("~").to_owned());
            }
            ';' | '|' | '&' | '(' => {
                words.clear();
                word = None;
            }
            letter if letter.is_whitespace() => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    let is_program = |word: &String| word.rsplit(['/', '\\']).next().is_some_and(|name| name == "ossvec");
    let at = words.iter().position(is_program).unwrap_or(0);
    words.split_off(at)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_line_is_cut_as_a_shell_cuts_it() {
        for (line, wanted) in [
            ("ossvec put-vectors --bucket b --index-name ", "ossvec|put-vectors|--bucket|b|--index-name"),
            ("cd x && A=1 ./bin/ossvec put a\\ b 'c d' \"e\\\"f\" ''", "./bin/ossvec|put|a b|c d|e\"f|"),
            (
                "ossvec a; sudo ossvec -c ~/x -e http://127.0.0.1:1",
                "ossvec|-c|/home/me/x|-e|http://127.0.0.1:1",
            ),
            ("ossvec -c ~user/x ~ ~root ~+/x ~", "ossvec|-c|~user/x|/home/me|~root|~+/x|/home/me"),
            ("ossvec --bucket=b a~b \\\n  --index-name 'do", "ossvec|--bucket=b|a~b|--index-name|do"),
            ("", ""),
        ] {
            assert_eq!(words(line, Some("/home/me")).join("|"), wanted, "{line}");
        }
    }
}
