//! The programs that messages print for JSON that is not read as it is: they write what is. Pure.
//!
//! They take all values of a file, one after another, and the objects in arrays of them. What would be left out, such as a
//! member that is repeated or vectors beside those that are converted, ends them before they write anything. Python keeps
//! integers and numbers as they are.

use super::named::Named;

/// Makes ready for [`VALUES`]: a list that grows by where each value ends, while these are gone through.
const BEFORE: &str = concat!(
    r#"import json,re; s=open(0,encoding="utf-8-sig").read().strip(); e=[0]; "#,
    r#"u=lambda m:dict(m)if len(dict(m))==len(m)else exit("a member is repeated: "+str(m)[:200]); "#,
    r#"d=json.JSONDecoder(object_pairs_hook=u).raw_decode; w=re.compile(r"\s*").match; "#,
);

/// Each value of the file as `v`.
const VALUES: &str = "for i in e if i<len(s) for v,j in [d(s,i)] for _ in [e.append(w(s,j).end())]";

/// Each object of the file as `t`, those in arrays too.
const OBJECTS: &str = "for t in(v if isinstance(v,list)else[v])";

/// Makes ready `m`, a record with the namespace of the objects around it, and `a`, what paths lead to in an object, each
/// with the namespace there. No other vectors may be in that object.
const PAGES: &str = concat!(
    r#"q=lambda t,n:{**n,**{k:t[k]for k in["namespace","__namespace__"]if t.get(k)}}; "#,
    "m=lambda n,r:{**r,**{k:n[k]for k in n if not r.get(k)}}if type(r)==dict else r; ",
    "h=lambda v:type(v)==list and(len(v)>1 and{*map(type,v)}<={int,float}or any(map(h,v)))",
    r#"or type(v)==dict and any(h(v[k])or k[:3]in("vec","emb")and type(v[k])==str and len(v[k])>40 for k in v); "#,
    "g=lambda t,p,n:[]if t==None else[(q(t,n),x)for x in[t.pop(p[0],None)]if x is not None]",
    "if len(p)<2 else g(t.get(p[0]),p[1:],q(t,n)); ",
    "a=lambda t,*P:[x for p in P for x in g(t,p,{})]",
    r#"+[exit("there are vectors in "+k+" too")for k in t or[]if h(t[k])]; "#,
);

/// Makes ready `b`, a record under the key that stands before it.
const UNDER_KEY: &str = concat!(
    "b=lambda k,r:{KEY:k}if r==None else{**r,KEY:k}if str(r.get(KEY,k))==str(k)",
    r#"else exit("the record under "+str(k)+" has another key: "+str(r[KEY])); "#,
);

/// What a cure begins with.
const CONVERT: &str = "convert it to JSON Lines";

/// The cure that makes a line of every record in the arrays that `paths` lead to.
pub(super) fn of_arrays(paths: &[&[String]]) -> String {
    lines("m(n,r)", &format!("{OBJECTS} for n,l in {} for r in l[:]", led_to(paths)), Named::default())
}

/// The same of every `record`, which is the member `r` under `k` of what `paths` lead to, or of the objects themselves.
pub(super) fn of_dictionaries(record: &str, paths: &[&[String]], named: Named<'_>) -> String {
    let members = match paths {
        [] | [[]] => "for n in[q(t,{})]for k,r in t.items()if k not in n".to_owned(),
        paths => format!("for n,l in {} for k,r in l.items()", led_to(paths)),
    };
    lines(&format!("m(n,{record})"), &format!("{OBJECTS} {members}"), named)
}

/// The same of every `record`, which `inner` finds in each element `r` of the array that `path` leads to.
pub(super) fn of_rows(record: &str, path: &[String], inner: &str, named: Named<'_>) -> String {
    match path {
        [] => lines(record, &format!("for r in v[:]{inner}"), named),
        path => {
            let clauses = format!("{OBJECTS} for n,l in {} for r in l[:]{inner}", led_to(&[path]));
            lines(&format!("m(n,{record})"), &clauses, named)
        }
    }
}

/// The same of each value `v`.
pub(super) fn of_values(record: &str, named: Named<'_>) -> String {
    lines(record, "", named)
}

fn lines(record: &str, clauses: &str, named: Named<'_>) -> String {
    let list = format!("x=[json.dumps({record}) {VALUES} {clauses}");
    let body = format!(r#"{}]; print(*x,sep="\n")"#, list.trim_end());
    format!("{CONVERT}: {} < INPUT > OUTPUT", python(&body, named))
}

/// The command that writes what `paths` lead to in each object, or the objects themselves, into files of their own.
pub(super) fn files(paths: &[&[String]]) -> String {
    let found = match paths {
        [] | [[]] => String::new(),
        paths => format!(" for n,l in {} for t in[m(n,l)]", led_to(paths)),
    };
    let body = format!(
        r#"x=[json.dumps(t) {VALUES} {OBJECTS}{found}]; [open("page-%06d.json"%n,"w").write(t)for n,t in enumerate(x)]"#
    );
    format!("{} < INPUT; then load page-*.json", python(&body, Named::default()))
}

/// Objects of columns one after another: their shape, and the cure, which is simpler where each has a line of its own.
pub(super) fn pages(are_lines: bool) -> (String, String) {
    let command = if are_lines { "split -l 1 INPUT page-; then load page-*".to_owned() } else { files(&[]) };
    (
        "several objects of columns, one after another".to_owned(),
        format!("write each to a file of its own: {command}"),
    )
}

/// The command that joins the lists of all questions, in each column of what `path` leads to.
pub(super) fn joined_lists(path: &[String]) -> String {
    let found = match path {
        [] => String::new(),
        path => format!(" for n,t in {}", led_to(&[path])),
    };
    let lists = "for k,l in t.items() if isinstance(l,list) for q in l if isinstance(q,list)";
    let body = format!(
        "c={{}}; [c.setdefault(k,[]).extend(q) {VALUES} {OBJECTS}{found} {lists}]; print(json.dumps(c))"
    );
    format!("{} < INPUT > OUTPUT", python(&body, Named::default()))
}

/// The same `cure` where the objects stand in the array that `path` leads to.
pub(super) fn inside(cure: &str, path: &[String]) -> String {
    let objects = format!("{OBJECTS} for n,l in {} for t in l[:] for t in[m(n,t)]", led_to(&[path]));
    let cure = cure.replacen(OBJECTS, &objects, 1);
    if cure.contains(PAGES) { cure } else { cure.replacen(BEFORE, &[BEFORE, PAGES].concat(), 1) }
}

/// The call that gives what `paths` lead to.
fn led_to(paths: &[&[String]]) -> String {
    let listed = paths.iter().map(|path| list(path));
    format!("a({})", std::iter::once("t".to_owned()).chain(listed).collect::<Vec<_>>().join(","))
}

fn list(names: &[String]) -> String {
    format!("[{}]", names.iter().map(|name| text(name)).collect::<Vec<_>>().join(","))
}

fn python(body: &str, named: Named<'_>) -> String {
    let pages = if ["a(t,", "m(n,", "q(t,"].iter().any(|call| body.contains(call)) { PAGES } else { "" };
    let under_key = if ["b(k,", "b(r[", "b(v["].iter().any(|call| body.contains(call)) {
        UNDER_KEY.replace("KEY", &key(named))
    } else {
        String::new()
    };
    format!("python3 -c '{BEFORE}{pages}{under_key}{body}'")
}

/// The name of a key in Python, in what has none of its own: the one that the user gives, or the likeliest.
pub(super) fn key(named: Named<'_>) -> String {
    text(named.key.first().map_or("key", |name| name.trim()))
}

/// The same of a vector. No member is called by a pattern.
pub(super) fn vector(named: Named<'_>) -> String {
    let given = named.vector.first().map(|name| name.trim()).filter(|name| !name.contains('*'));
    text(given.unwrap_or("vector"))
}

/// A text in Python, so that it can stand in single quotes of a shell; the input must not write commands.
fn text(name: &str) -> String {
    let spelled = name.chars().map(|character| match u32::from(character) {
        _ if is_plain(character) => character.to_string(),
        code if code > 0xffff => format!("\\U{code:08x}"),
        code => format!("\\u{code:04x}"),
    });
    format!("\"{}\"", spelled.collect::<String>())
}

/// The name of a member as it is, of which the text has the spelling.
pub(super) fn name(spelled: &[u8]) -> String {
    let quoted = [b"\"", spelled, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(spelled).into_owned())
}

/// A path in words, behind what stands there; nothing of no path.
pub(super) fn place(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!(" in {}", dotted(path)) }
}

/// A path in words.
pub(super) fn dotted(path: &[String]) -> String {
    path.iter().map(|name| plain(name.as_bytes()).unwrap_or("…")).collect::<Vec<_>>().join(".")
}

/// Paths in words.
pub(super) fn listed(paths: &[&[String]]) -> String {
    paths.iter().map(|path| dotted(path)).collect::<Vec<_>>().join(", ")
}

/// A name that can stand in a message as it is.
pub(super) fn plain(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    (name.len() <= 60 && name.chars().all(is_plain)).then_some(name)
}

fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || "_-@:/ ".contains(character)
}
