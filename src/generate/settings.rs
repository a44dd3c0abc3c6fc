//! The table of settings in `docs/configuration.md`.

use crate::setting::{self, Fallback, Flag, Key, Setting, Variable};

/// Renders the table of settings that can be set elsewhere than on the command line.
pub(super) fn table() -> String {
    let is_flag = |setting: &Setting| matches!(setting.flag, Flag::Global | Flag::Load);
    let is_listed = |setting: &&Setting| is_flag(setting) && setting.is_configurable();
    let rows = setting::ALL.into_iter().filter(is_listed).map(row);
    "| option | variable | key in the file | default |\n|---|---|---|---|\n".to_owned()
        + &rows.collect::<String>()
}

fn row(setting: &Setting) -> String {
    let letter = setting.letter.map(|letter| format!(", `-{letter}`")).unwrap_or_default();
    let variable = match setting.variable {
        Variable::None => "–".to_owned(),
        Variable::Named(name) => format!("`{name}`"),
        Variable::Http(names) => {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ") + ", …"
        }
    };
    let key = if setting.key == Key::None { "–".to_owned() } else { format!("`{}`", setting.name) };
    format!("| `{}`{letter} | {variable} | {key} | {} |\n", setting.option(), fallback(setting))
}

fn fallback(setting: &Setting) -> String {
    let said = match setting.fallback {
        Fallback::None => String::new(),
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Words(words) => words.to_owned(),
    };
    let text = said + setting.remark;
    if text.is_empty() { "–".to_owned() } else { text }
}
