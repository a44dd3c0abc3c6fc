//! Who uses whom, by the names in the code, and the circles that come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::slice::Iter;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The names of a module from the crate's root.
type Module = Vec<String>;

/// Nodes, and for each the others that it uses.
type Uses<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The node of the file that a folder's modules are declared in.
const HEAD: &str = "(head)";

/// Stands before the names of a path that begins with two colons.
const OUTSIDE: &str = "::";

/// Words that are no part of a path and may go before two colons.
const BEFORE_PATHS: [&str; 10] = ["as", "dyn", "else", "for", "if", "impl", "in", "match", "return", "use"];

/// The modules of a crate, and which names each uses of which others.
pub(crate) struct Crate {
    uses: BTreeMap<(Module, Module), BTreeSet<String>>,
    /// The first names of the paths in each file that lead to no module of the crate.
    outside: BTreeMap<String, BTreeSet<String>>,
    modules: BTreeSet<Module>,
}

/// A path in the code, and the module that it is written in.
struct Path {
    scope: Module,
    names: Vec<String>,
    /// What a `use` calls it.
    alias: Option<String>,
}

/// Modules below `folder` of which each uses the others, directly or through others of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Circle {
    pub(crate) folder: String,
    pub(crate) modules: BTreeSet<String>,
}

impl Crate {
    /// Takes in files, each by its path below `src` and with its text.
    pub(crate) fn new<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let files: Vec<_> = files.map(|(file, text)| (file, module(file), text)).collect();
        let modules = files.iter().map(|(_, module, _)| module.clone()).collect();
        let mut of_crate = Self { uses: BTreeMap::new(), outside: BTreeMap::new(), modules };
        for (file, module, text) in files {
            let tokens = text.parse::<TokenStream>().unwrap();
            let mut paths = Vec::new();
            walk(tokens, &module, &mut paths);
            of_crate.take(file, &module, &paths);
        }
        of_crate
    }

    fn take(&mut self, file: &str, module: &Module, paths: &[Path]) {
        let mut aliases = BTreeMap::new();
        for path in paths {
            let Some((target, 0)) = self.target(path, &BTreeMap::new()) else { continue };
            if let Some(name) = path.alias.as_ref().or(target.last()) {
                aliases.insert(name.clone(), target.clone());
            }
        }
        for path in paths {
            match self.target(path, &aliases) {
                None => {
                    let first = path.names.iter().find(|name| *name != OUTSIDE).cloned();
                    self.outside.entry(file.to_owned()).or_default().extend(first);
                }
                // A module that is only brought into scope is used where something of it is named.
                Some((_, 0)) => {}
                Some((target, _)) if target == *module => {}
                Some((target, _)) => {
                    let names = self.uses.entry((module.clone(), target)).or_default();
                    names.insert(path.names.join("::"));
                }
            }
        }
    }

    /// The module that a path leads to, and how many names of it go on from there.
    fn target(&self, path: &Path, aliases: &BTreeMap<String, Module>) -> Option<(Module, usize)> {
        let mut names = path.names.iter().map(String::as_str).filter(|name| *name != "self").peekable();
        let mut target = path.scope.clone();
        let first = path.names.first()?.as_str();
        let child = || [&path.scope[..], &[first.to_owned()]].concat();
        match first {
            "crate" => target.clear(),
            "self" | "super" => {}
            _ if aliases.contains_key(first) => target.clone_from(&aliases[first]),
            _ if self.modules.contains(&child()) => target = child(),
            _ => return None,
        }
        if !["self", "super"].contains(&first) {
            names.next();
        }
        while names.next_if_eq(&"super").is_some() {
            target.pop();
        }
        target.extend(names.map(str::to_owned));
        let length = target.len();
        while !self.modules.contains(&target) && !target.is_empty() {
            target.pop();
        }
        let further = length - target.len();
        Some((target, further))
    }

    /// The modules right below `src` that the module right below it that a file belongs to uses.
    pub(crate) fn used_by(&self, top: &str) -> BTreeSet<&str> {
        let of_it = self.uses.keys().filter(|(user, _)| user.first().is_some_and(|name| name == top));
        of_it.filter_map(|(_, used)| Some(used.first()?.as_str())).filter(|used| *used != top).collect()
    }

    /// Whether a file names something of another crate.
    pub(crate) fn names_crate(&self, file: &str, name: &str) -> bool {
        self.outside.get(file).is_some_and(|outside| outside.contains(name))
    }

    /// The circles among the modules of each folder; what a folder's own files use counts as the folder's.
    pub(crate) fn circles(&self) -> Vec<Circle> {
        let mut found = Vec::new();
        for folder in self.folders() {
            let mut uses = self.uses_below(&folder);
            uses.remove(HEAD);
            for modules in knots(&uses) {
                found.push(Circle { folder: folder.join("/"), modules });
            }
        }
        found.sort();
        found
    }

    /// The folders whose head uses a module below it that uses the head in turn.
    pub(crate) fn heads_in_circles(&self) -> BTreeSet<String> {
        let of_head =
            |folder: &Module| knots(&self.uses_below(folder)).iter().any(|knot| knot.contains(HEAD));
        self.folders().into_iter().filter(of_head).map(|folder| folder.join("/")).collect()
    }

    /// What ties the modules of a circle, a line each.
    pub(crate) fn ties(&self, circle: &Circle) -> Vec<String> {
        let folder: Module =
            circle.folder.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let is_in = |module: &Module| node(&folder, module).is_some_and(|node| circle.modules.contains(node));
        let tied = self.uses.iter().filter(|((user, used), _)| {
            is_in(user) && is_in(used) && node(&folder, user) != node(&folder, used)
        });
        let line = |((user, used), names): (&(Module, Module), &BTreeSet<String>)| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            format!("{} uses {}: {}", user.join("/"), used.join("/"), names.join(", "))
        };
        tied.map(line).collect()
    }

    /// The modules that have others below them.
    fn folders(&self) -> BTreeSet<Module> {
        self.modules.iter().filter_map(|module| Some(module.split_last()?.1.to_vec())).collect()
    }

    fn uses_below<'a>(&'a self, folder: &Module) -> Uses<'a> {
        let mut uses = Uses::new();
        for (user, used) in self.uses.keys() {
            if let (Some(user), Some(used)) = (node(folder, user), node(folder, used))
                && user != used
            {
                uses.entry(user).or_default().insert(used);
            }
        }
        uses
    }
}

/// What stands for a module in the picture of a folder; nothing does outside of it.
fn node<'a>(folder: &Module, module: &'a Module) -> Option<&'a str> {
    let below = module.strip_prefix(&folder[..])?;
    Some(below.first().map_or(HEAD, String::as_str))
}

/// The nodes that reach each other, in groups of two and more.
fn knots(uses: &Uses<'_>) -> BTreeSet<BTreeSet<String>> {
    let reached = |from: &str| {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&str> = uses.get(from).into_iter().flatten().copied().collect();
        while let Some(node) = next.pop() {
            if reached.insert(node) {
                next.extend(uses.get(node).into_iter().flatten());
            }
        }
        reached
    };
    let reach: BTreeMap<_, _> = uses.keys().map(|node| (*node, reached(node))).collect();
    let knot = |node: &&str| -> BTreeSet<String> {
        let back =
            reach[*node].iter().filter(|other| reach.get(*other).is_some_and(|back| back.contains(*node)));
        back.map(|other| (*other).to_owned()).collect()
    };
    reach.keys().map(knot).filter(|knot| knot.len() > 1).collect()
}

/// The module that a file holds.
fn module(file: &str) -> Module {
    let names = file.trim_end_matches(".rs").split('/').map(str::to_owned);
    names.filter(|name| !["mod", "lib"].contains(&name.as_str())).collect()
}

/// The tokens that are still to be read.
type Rest<'a> = Peekable<Iter<'a, TokenTree>>;

/// Finds all paths of two names and more, but for those in code that only tests have.
fn walk(tokens: TokenStream, scope: &Module, found: &mut Vec<Path>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut rest = tokens.iter().peekable();
    loop {
        let is_from_outside = take_colons(&mut rest);
        let Some(token) = rest.next() else { return };
        match token {
            TokenTree::Group(group) if is_for_tests(group) => {
                rest.find(|token| ends_item(token));
            }
            // A visibility names a module and uses nothing.
            TokenTree::Group(group) if is_visibility(group) => {}
            TokenTree::Group(group) => walk(group.stream(), scope, found),
            TokenTree::Ident(word) if word == "mod" => {
                let mut inner = scope.clone();
                inner.extend(rest.next().map(ToString::to_string));
                if let Some(TokenTree::Group(group)) = rest.next_if(|next| is_block(next)) {
                    walk(group.stream(), &inner, found);
                }
            }
            // What these go before is a path of its own.
            TokenTree::Ident(word) if BEFORE_PATHS.contains(&word.to_string().as_str()) => {}
            TokenTree::Ident(word) => {
                let names = is_from_outside.then(|| OUTSIDE.to_owned()).into_iter().chain([word.to_string()]);
                branch(names.collect(), &mut rest, scope, found);
            }
            _ => {}
        }
    }
}

/// Reads a path on from the names before; the tree of a `use` has one for each leaf.
fn branch(mut names: Vec<String>, rest: &mut Rest<'_>, scope: &Module, found: &mut Vec<Path>) {
    while take_colons(rest) {
        match rest.peek() {
            Some(TokenTree::Ident(word)) => names.push(word.to_string()),
            Some(TokenTree::Punct(mark)) if mark.as_char() == '*' => names.push("*".to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                leaves(&names, group.stream(), scope, found);
                rest.next();
                return;
            }
            // The parameters of a type, which are read by themselves.
            _ => break,
        }
        rest.next();
    }
    let is_renamed = rest.next_if(|next| matches!(next, TokenTree::Ident(word) if word == "as")).is_some();
    let alias = is_renamed.then(|| rest.peek().map(ToString::to_string)).flatten();
    if names.len() > 1 {
        found.push(Path { scope: scope.clone(), names, alias });
    }
}

/// Reads the branches in the braces of a `use`.
fn leaves(names: &[String], tokens: TokenStream, scope: &Module, found: &mut Vec<Path>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut rest = tokens.iter().peekable();
    while let Some(token) = rest.next() {
        let is_glob = matches!(token, TokenTree::Punct(mark) if mark.as_char() == '*');
        if is_glob || matches!(token, TokenTree::Ident(_)) {
            branch([names, &[token.to_string()]].concat(), &mut rest, scope, found);
        }
    }
}

/// Takes the two colons between the names of a path, if they are next.
fn take_colons(rest: &mut Rest<'_>) -> bool {
    let mut ahead = rest.clone();
    let mut is_colon = || matches!(ahead.next(), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    let are_there = is_colon() && is_colon();
    if are_there {
        *rest = ahead;
    }
    are_there
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Whether an item ends here, which is with a block or a semicolon.
fn ends_item(token: &TokenTree) -> bool {
    is_block(token) || matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';')
}

/// Whether it is the rest of `pub(in crate::…)`.
fn is_visibility(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Parenthesis && first.is_some_and(|first| first.to_string() == "in")
}

/// Whether an attribute's brackets say `cfg(test)`.
fn is_for_tests(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Crate {
        Crate::new(files.iter().copied())
    }

    fn circle(folder: &str, modules: &[&str]) -> Circle {
        Circle {
            folder: folder.to_owned(),
            modules: modules.iter().map(|module| (*module).to_owned()).collect(),
        }
    }

    /// Ways to use `a/two.rs` from `a/one.rs`.
    const USES: [&str; 16] = [
        "use super::two::Two;",
        "use crate::a::two::Two;",
        "use super::{three, two::Two};",
        "use crate::{a::{three::Three, two::{self, Two}}, b};",
        "use super::two;\nfn f() { two::g(); }",
        "use super::two as other;\nfn f() { other::g(); }",
        "use super::{two as other};\nfn f() { other::g(); }",
        "use crate::a;\nfn f() { a::two::g(); }",
        "fn f() { super::two::g::<u8>(); }",
        "fn f() -> Option<super::two::Two> { None }",
        "fn f() { println!(\"{}\", vec![super::two::g()].len()); }",
        "#[derive(super::two::Two)]\nstruct S;",
        "mod inner {\n    use super::super::two::Two;\n}",
        "pub(in crate::a) use super::two::*;",
        "#[cfg(test)]\nmod tests;\nuse super::two::Two;",
        "#[cfg(test)]\nmod tests { fn f() {} }\nuse super::two::Two;",
    ];

    #[test]
    fn two_files_that_use_each_other_in_any_way_are_a_circle() {
        for text in USES {
            let files = [
                ("lib.rs", "mod a; mod b;"),
                ("a/mod.rs", "mod one; mod three; mod two;"),
                ("a/one.rs", text),
                ("a/two.rs", "use super::one::One;"),
                ("a/three.rs", ""),
                ("b.rs", ""),
            ];
            let found = of(&files);
            assert_eq!(found.circles(), [circle("a", &["one", "two"])], "{text}");
            assert_eq!(found.ties(&found.circles()[0]).len(), 2, "{text}");
            let one_way = of(&files.map(|(file, text)| (file, if file == "a/two.rs" { "" } else { text })));
            assert_eq!(one_way.circles(), [], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_use_is_none() {
        for text in [
            "// use super::two::Two;",
            "/* super::two::g() */",
            "/// See [`g`](super::two::g).\nfn f() {}",
            "const TEXT: &str = \"super::two::g\";",
            "const TEXT: &str = r#\"use \"super::two::g\";\"#;",
            "use super::two_more::Two;",
            "use super::three::two::Two;",
            "use two::Two;",
            "use ::two::Two;",
            "use std::two::Two;",
            "pub(in crate::a::two) fn f() {}",
            "#[cfg(test)]\nmod tests {\n    use crate::a::two::Two;\n}",
            "#[cfg(test)]\nuse super::two::Two;\nfn f() {}",
            "fn f<'two>(two: &'two u8) { Two::g(two); }",
            "mod inner {\n    use super::two::Two;\n}",
        ] {
            let files = [
                ("a/mod.rs", "mod one; mod three; mod two; mod two_more;"),
                ("a/one.rs", text),
                ("a/two.rs", "use super::one::One;"),
                ("a/two_more.rs", ""),
                ("a/three.rs", ""),
            ];
            assert_eq!(of(&files).circles(), [], "{text}");
        }
    }

    #[test]
    fn a_folder_and_its_neighbours_are_in_a_circle_through_any_of_its_files() {
        let files = [
            ("a/mod.rs", "mod folder; mod next; mod far;"),
            ("a/folder/mod.rs", "mod deep;"),
            ("a/folder/deep.rs", "use crate::a::next::Next;"),
            ("a/next.rs", "use super::far::Far;"),
            ("a/far.rs", "use super::folder::Item;"),
        ];
        assert_eq!(of(&files).circles(), [circle("a", &["far", "folder", "next"])]);
        let across = [
            ("a/one.rs", "use crate::b::Item;"),
            ("a/two.rs", ""),
            ("b.rs", ""),
            ("b/three.rs", "use crate::a::two::Two;"),
        ];
        assert_eq!(of(&across).circles(), [circle("", &["a", "b"])]);
    }

    #[test]
    fn each_circle_of_a_folder_counts_by_itself() {
        let files = [
            ("one.rs", "use crate::two::X; use crate::three::X;"),
            ("two.rs", "use crate::one::X;"),
            ("three.rs", "use crate::four::X;"),
            ("four.rs", "use crate::three::X;"),
        ];
        assert_eq!(of(&files).circles(), [circle("", &["four", "three"]), circle("", &["one", "two"])]);
    }

    #[test]
    fn a_head_that_uses_what_uses_it_is_in_a_circle() {
        let heads = |head, one| {
            let files = [("a.rs", head), ("a/one.rs", one), ("a/two.rs", "use super::one::X;")];
            of(&files).heads_in_circles().into_iter().collect::<Vec<_>>()
        };
        assert_eq!(heads("mod one; use one::X;", "use super::Y;"), ["a"]);
        assert_eq!(heads("mod one; pub use self::two::X;", "use crate::a::Y;"), ["a"], "through another");
        assert!(heads("mod one; use one::X;", "").is_empty());
        assert!(heads("mod one;", "use super::Y;").is_empty());
    }

    #[test]
    fn modules_and_crates_are_known_by_what_is_named() {
        let found = of(&[
            ("a/one.rs", "use crate::b::B; use clap::Parser; fn f() { let redb = reqwest::get(); }"),
            ("a/two.rs", "use ::hyper::X; impl ::redb::Y for Y {} // jiff::Y\nuse crate::dirs::Z;"),
            ("b.rs", ""),
            ("dirs.rs", ""),
        ]);
        assert_eq!(found.used_by("a").into_iter().collect::<Vec<_>>(), ["b", "dirs"]);
        let names = ["clap", "reqwest", "hyper", "redb", "jiff", "dirs"];
        let named = |file| names.into_iter().filter(|name| found.names_crate(file, name)).collect::<Vec<_>>();
        assert_eq!(named("a/one.rs"), ["clap", "reqwest"]);
        assert_eq!(named("a/two.rs"), ["hyper", "redb"]);
    }
}
