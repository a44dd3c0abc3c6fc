//! The completion scripts: clap's own, plus what clap does not support: index names, and that an input is a file.

use clap::Arg;
use clap_complete::Shell;

use super::definition::{offered, sections};
use crate::cli::ShellName;

/// The option whose value is an index name.
const INDEX_OPTION: &str = "index-name";

/// The functions that ask for the names. The line goes through a pipe, because others could see it among arguments.
const ZSH_NAMES: &str = r#"
_ossvec_index_names() {
    local -a names
    names=(${(f)"$(print -r -- "$LBUFFER" | ossvec complete-indexes 2>/dev/null)"})
    compadd -a names
}
"#;
const FISH_NAMES: &str = "\
# Print the names of the bucket's indexes; the bucket and where it is are in the line as far as it is typed.
function __ossvec_index_names
    commandline -cp | ossvec complete-indexes 2>/dev/null
end

";
const BASH_NAMES: &str = r#"COMPREPLY=($(compgen -W "$(printf '%s\n' "${COMP_LINE:0:COMP_POINT}" | ossvec complete-indexes 2>/dev/null)" -- "${cur}"))"#;

/// Where there is nothing to complete, bash would otherwise offer file names, which would be wrong.
const BASH_NO_FILES: &str = "            [[ ${#COMPREPLY[@]} -gt 0 ]] || compopt +o bashdefault +o default";

/// bash treats the equals sign of `--option=value` as a word.
const BASH_EQUALS: &str = r#"    if [[ "${prev}" == "=" && ${COMP_CWORD} -ge 2 ]]; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    fi
"#;

/// The script for a shell.
pub(crate) fn completions(shell: ShellName) -> String {
    let script = |shell| {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut offered(), "ossvec", &mut script);
        String::from_utf8_lossy(&script).into_owned()
    };
    match shell {
        ShellName::Bash => bash(&script(Shell::Bash)),
        ShellName::Zsh => zsh(&script(Shell::Zsh)),
        ShellName::Fish => FISH_NAMES.to_owned() + &fish(&script(Shell::Fish)),
        ShellName::Powershell => script(Shell::PowerShell),
    }
}

fn bash(script: &str) -> String {
    let case = format!("                --{INDEX_OPTION})");
    let mut out = String::new();
    let mut in_names = false;
    let mut words = String::new();
    for line in script.lines() {
        if let Some(all) = line.strip_prefix("            opts=\"") {
            let all = all.trim_end_matches('"').split(' ');
            words = all.filter(|word| !word.starts_with('-')).collect::<Vec<_>>().join(" ");
        }
        let line = match line {
            // Options are offered after a hyphen; without one, commands and values are, or else files.
            "            COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )" if words.is_empty() => {
                "            COMPREPLY=()".to_owned()
            }
            "            COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )" => {
                format!(
                    "            COMPREPLY=( $(compgen -W \"{words}\" -- \"${{cur}}\") )\n{BASH_NO_FILES}"
                )
            }
            line if line.starts_with("            if [[ ${cur} == -* || ") => {
                "            if [[ ${cur} == -* ]] ; then".to_owned()
            }
            line => line.to_owned(),
        };
        if in_names && line.trim() == "return 0" {
            in_names = false;
        }
        if !in_names {
            out += &line;
            out.push('\n');
        }
        if line == "    prev=\"$3\"" {
            out += BASH_EQUALS;
        }
        if line == case {
            in_names = true;
            out += &format!("                    {BASH_NAMES}\n        {BASH_NO_FILES}\n");
        }
    }
    out
}

fn zsh(script: &str) -> String {
    let option = format!("'--{INDEX_OPTION}=[");
    let named = |line: &str| match line.strip_suffix("' \\") {
        Some(spec) if line.starts_with(&option) => format!("{spec}_ossvec_index_names' \\\n"),
        // Two colons would end the options at the first input.
        _ if line.starts_with("'*::") => format!("{}\n", line.replacen("'*::", "'*:", 1)),
        _ => format!("{line}\n"),
    };
    let script: String = script.lines().map(named).collect();
    script.replacen("autoload -U is-at-least\n", &format!("autoload -U is-at-least\n{ZSH_NAMES}"), 1)
}

fn fish(script: &str) -> String {
    let option = format!(" -l {INDEX_OPTION} ");
    let named = |line: &str| {
        let names = if line.contains(&option) { " -a \"(__ossvec_index_names)\"" } else { "" };
        format!("{line}{names}\n")
    };
    script.lines().map(named).collect::<String>() + &fish_words()
}

/// The words that can follow a command, which clap does not pass to fish.
fn fish_words() -> String {
    let mut lines = String::new();
    for section in sections() {
        let values = section.command.get_positionals().flat_map(Arg::get_possible_values);
        let values: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
        let place =
            section.name.split(' ').skip(1).collect::<Vec<_>>().join("; and __fish_seen_subcommand_from ");
        if !values.is_empty() {
            let values = values.join(" ");
            lines += &format!(
                "complete -c ossvec -n \"__fish_ossvec_using_subcommand {place}\" -f -a \"{values}\"\n"
            );
        }
    }
    lines
}
