//! Where symbolic links lead, also where nothing is there yet.

use std::fs;
use std::path::{Path, PathBuf};

/// Links that are followed until a path counts as one that leads nowhere; as many as Linux follows.
const MOST_LINKS: usize = 40;

/// Where the links of a path lead, whether or not anything is there.
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
