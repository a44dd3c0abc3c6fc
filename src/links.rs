//! The targets of symbolic links, including targets that do not exist yet.

use std::fs;
use std::path::{Path, PathBuf};

/// The maximum number of links followed, as on Linux; after that, a path is treated as leading nowhere.
const MOST_LINKS: usize = 40;

/// The target of a path's links, whether or not it exists.
pub(crate) fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(link) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    path
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::testing::Directory;

    #[test]
    fn links_are_followed_to_what_may_come_and_not_for_ever() {
        let directory = Directory::new();
        let at = |name: &str| directory.path(name);
        for (link, leads_to) in [("one", "nothing"), ("two", "one"), ("loop", "loop")] {
            symlink(leads_to, at(link)).unwrap();
        }
        for (path, wanted) in
            [("nothing", "nothing"), ("one", "nothing"), ("two", "nothing"), ("loop", "loop")]
        {
            assert_eq!(target(&at(path)), at(wanted), "{path}");
        }
    }
}
