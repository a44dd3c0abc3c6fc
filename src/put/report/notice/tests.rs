use super::*;

fn about_inputs() -> Vec<Notice> {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let passed_over = |files: &[&str], directories: &[&str]| InputNotice::PassedOver {
        files: names(files),
        directories: names(directories),
        special: Vec::new(),
    };
    let special = |directories: &[&str], special: &[&str]| InputNotice::PassedOver {
        files: Vec::new(),
        directories: names(directories),
        special: names(special),
    };
    let repeated = |same_as: Option<&str>, times, more| InputNotice::Repeated {
        first: "a.jsonl".to_owned(),
        same_as: same_as.map(str::to_owned),
        times,
        more,
    };
    let many: Vec<_> = (0..12).map(|number| format!("{number}.txt")).collect();
    let note = Note {
        code: "fields_not_stored",
        message: "fields not stored: title".into(),
        count: 3,
        first: Some("a.jsonl:1".into()),
        cure: "list them in --metadata",
    };
    let notices = vec![
        passed_over(&["a.txt"], &[]),
        passed_over(&[], &["sub"]),
        passed_over(&[], &["sub", "tmp"]),
        passed_over(&["a.txt", "b.txt"], &["sub"]),
        passed_over(&["a.txt"], &["sub", "tmp"]),
        InputNotice::PassedOver { files: many, directories: Vec::new(), special: Vec::new() },
        special(&[], &["in/p.jsonl"]),
        special(&["sub"], &["in/p.jsonl", "in/q"]),
        repeated(None, 2, 0),
        repeated(None, 3_000, 0),
        repeated(Some("x.jsonl"), 2, 0),
        repeated(None, 2, 2),
        InputNotice::LeftOut("cannot open a.jsonl: permission denied".into()),
        InputNotice::WithoutRecords(names(&["a.jsonl"])),
        InputNotice::WithoutRecords(names(&["a", "b", "c", "d", "e"])),
        InputNotice::Found(note),
    ];
    notices.into_iter().map(Notice::from).collect()
}

fn about_earlier_runs() -> Vec<Notice> {
    let settled = 12_000;
    let kept = || "state/before".to_owned();
    let why = "cannot resume: a.jsonl changed since the journal was written".to_owned();
    let (name, at) = (|| "a.jsonl".to_owned(), || "line 7, byte 900".to_owned());
    let path = || PathBuf::from("rejects.jsonl");
    let notices = vec![
        EarlierNotice::NoneLeft,
        EarlierNotice::CouldGoOn {
            settled,
            kept: kept(),
            brought: "state/resume".into(),
            command: "ossvec put-vectors a.jsonl --resume".into(),
        },
        EarlierNotice::StoredNothing { settled },
        EarlierNotice::IndexIsGone { settled },
        EarlierNotice::CannotGoOn { settled, kept: kept(), why },
        EarlierNotice::EndpointUnknown,
        EarlierNotice::FailedIsLeftOut { name: name(), at: at() },
        EarlierNotice::FailedDiffers { name: name(), at: at() },
        EarlierNotice::RejectsMoved { from: path(), to: "rejects.jsonl.1".into() },
        EarlierNotice::RejectsLost { records: 1_200, path: path(), is_gone: false },
        EarlierNotice::RejectsLost { records: 1_200, path: path(), is_gone: true },
        EarlierNotice::IndexUnsure {
            index: "docs".into(),
            why: "the service does not say when it was created",
        },
    ];
    notices.into_iter().map(Notice::from).collect()
}

fn about_the_service() -> Vec<Notice> {
    let trouble = "timed out after 60 s".to_owned();
    vec![
        IndexNotice::Hidden.into(),
        IndexNotice::Created { name: "docs".into(), dimension: 768, metric: "cosine" }.into(),
        RequestNotice::Stopping(Duration::from_secs(10)).into(),
        RequestNotice::Unconfirmed { batch: 7, trouble: trouble.clone() }.into(),
        RequestNotice::Unreadable { batch: 7, error: trouble }.into(),
        RequestNotice::Unchecked(1).into(),
        RequestNotice::Unchecked(1_200).into(),
        RequestNotice::QuotaBelowBatch { batch: 7, times: 5, vectors: 1_000 }.into(),
        Notice::StepSummary { path: "summary.md".into(), error: "no space left on device".into() },
    ]
}

/// The notices for people, each after its severity.
fn listed(notices: &[Notice]) -> String {
    let lines = |notice: &Notice| {
        let severity = format!("{:?}", notice.severity()).to_lowercase();
        let details: Vec<_> = notice.details().iter().map(|detail| format!("      {detail}\n")).collect();
        format!("{severity}: {}\n{}", notice.message(), details.concat())
    };
    notices.iter().map(lines).collect()
}

#[test]
fn every_notice_says_what_happened_and_what_to_do() {
    insta::assert_snapshot!(listed(&about_inputs()), @"
    note: skipped: 1 file of unknown format (a.txt)
    note: skipped: 1 directory (sub); to load it too, pass its path
    note: skipped: 2 directories (sub, tmp); to load them too, pass their paths
    note: skipped: 2 files of unknown format (a.txt, b.txt) and 1 directory (sub); to load the directory too, pass its path
    note: skipped: 1 file of unknown format (a.txt) and 2 directories (sub, tmp); to load the directories too, pass their paths
    note: skipped: 12 files of unknown format (0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt, 6.txt, 7.txt, 8.txt, 9.txt and 2 more)
    note: skipped: 1 special file (in/p.jsonl); to load a pipe, pass its path
    note: skipped: 1 directory (sub) and 2 special files (in/p.jsonl, in/q); to load the directory too, pass its path
    note: a.jsonl is given twice and loaded twice; give it once
    note: a.jsonl is given 3,000 times and loaded each time; give it once
    note: a.jsonl is the same file as x.jsonl and is loaded again; give it once
    note: a.jsonl and 2 more are given more than once and loaded each time; give each once
    note: skipped: cannot open a.jsonl: permission denied
    warning: a.jsonl contains no records
    warning: a, b, c and 2 more contain no records
    note: fields not stored: title, first at a.jsonl:1; list them in --metadata
    ");
    insta::assert_snapshot!(listed(&about_earlier_runs()), @"
    note: no earlier run to resume, starting from the beginning
    note: starting from the beginning, although an earlier run settled 12,000 records
          to continue the earlier run instead (only if no key occurs twice), stop this one and run:
            test ! -e state/before || mv state/before state/resume
            ossvec put-vectors a.jsonl --resume
    note: starting from the beginning; an earlier run stored none of the 12,000 records that it read
    note: starting from the beginning: the index in which an earlier run settled 12,000 records no longer exists
    note: starting from the beginning; an earlier run settled 12,000 records, and its journal is kept in state/before, but it cannot be resumed: a.jsonl changed since the journal was written
    note: the journal is from an earlier version, which did not record the endpoint: cannot check that it is the same one
    note: a.jsonl, which failed at line 7, byte 900, is not among the inputs any more
    note: a.jsonl changed since it failed at line 7, byte 900; loading all of it again
    note: moved the existing rejects.jsonl to rejects.jsonl.1
    note: an earlier run rejected 1,200 records, but rejects.jsonl no longer has all of them; a run without --resume writes the list again, and keeps what is there as rejects.jsonl.1
    note: an earlier run rejected 1,200 records, but rejects.jsonl is gone; a run without --resume writes it again
    note: cannot check that index docs is still the one that earlier runs loaded into: the service does not say when it was created
    ");
    insta::assert_snapshot!(listed(&about_the_service()), @"
    note: no permission for GetVectorIndex, so only the service checks the dimension and the metric
    step: created index docs: dimension 768, cosine
    step: stopping: waiting up to 10 s for requests in flight; a second signal stops immediately
    step: batch 7 was not confirmed (timed out after 60 s), reading it back
    step: batch 7 cannot be read back: timed out after 60 s
    note: could not check 1 key again: an earlier request with them had no response and may still be applied
    note: could not check 1,200 keys again: an earlier request with them had no response and may still be applied
    note: batch 7 was throttled 5 times while nothing was stored; the service's quota may be smaller than one batch of 1,000 vectors: reduce --batch-size, or set --vectors-per-second to the service's quota
    note: cannot write the step summary to summary.md: no space left on device
    ");
}

#[test]
fn what_complete_loads_have_left_is_said_in_whole_lines() {
    let shared = |read, again: &[&str]| EarlierNotice::KeysShared {
        read,
        again: again.iter().map(|name| (*name).to_owned()).collect(),
    };
    let name = || "a.jsonl".to_owned();
    for (notice, message) in [
        (
            EarlierNotice::IsLeftOut { name: name() },
            "a.jsonl was loaded in part and is not among the inputs any more; it is left out",
        ),
        (
            EarlierNotice::HaveChanged { names: vec![name()] },
            "a.jsonl has changed since it was loaded; loading all of it again",
        ),
        (
            EarlierNotice::HaveChanged { names: vec![name(), "b.jsonl".to_owned()] },
            "a.jsonl, b.jsonl have changed since they were loaded; loading all of them again",
        ),
        (
            EarlierNotice::GivenOtherwise(name()),
            "a.jsonl was given more than once before; loading all of it again",
        ),
        (
            EarlierNotice::SentOtherwise { names: vec![name()] },
            "a.jsonl was last loaded with other options or other content; loading all of it again",
        ),
        (
            EarlierNotice::ListGone { records: 2 },
            "the list of the 2 records that the load rejected is gone; a run without --resume writes it again",
        ),
        (
            EarlierNotice::Skipped { inputs: 1 },
            "skipping 1 input that was loaded completely and has not changed",
        ),
        (
            EarlierNotice::Skipped { inputs: 1_234 },
            "skipping 1,234 inputs that were loaded completely and have not changed",
        ),
        (
            EarlierNotice::IndexIsAnother { index: "docs".to_owned() },
            "index docs is not the one that earlier runs loaded into; loading everything from the beginning",
        ),
        (
            shared(3, &[]),
            "compared the keys of 3 inputs with inputs that are loaded before them: none in common",
        ),
        (
            shared(1, &[]),
            "compared the keys of 1 input with inputs that are loaded before it: none in common",
        ),
        (
            shared(2, &["a.jsonl"]),
            "compared the keys of 2 inputs with inputs that are loaded before them; loading a.jsonl again, so that \
             the later value of a key wins",
        ),
        (
            shared(0, &["a.jsonl"]),
            "an input that is loaded has too many keys to remember; loading a.jsonl again, so that the later value \
             of a key wins",
        ),
    ] {
        assert_eq!(Notice::from(notice).message(), message);
    }
}

#[test]
fn what_cannot_be_read_of_other_loads_is_told_with_the_reason_and_what_fits_it() {
    let unreadable = |names: &[&str], refused: Option<&str>| EarlierNotice::AccountsUnreadable {
        names: names.iter().map(ToString::to_string).collect(),
        refused: refused.map(str::to_owned),
    };
    for (notice, message) in [
        (
            unreadable(&["c/receipt"], None),
            "c/receipt is damaged, so loads that are older than it are not counted; remove it to stop this note",
        ),
        (
            unreadable(&["c/receipt", "d/receipt"], None),
            "c/receipt, d/receipt are damaged, so loads that are older than them are not counted; remove them to \
             stop this note",
        ),
        (
            unreadable(&["c/receipt"], Some("it belongs to another user")),
            "cannot read c/receipt (it belongs to another user), so loads that are older than it are not counted; \
             run as that user, or change the owner",
        ),
        (
            unreadable(&["c/resume"], Some("permission denied")),
            "cannot read c/resume (permission denied), so loads that are older than it are not counted; change the \
             permissions, or move it away",
        ),
    ] {
        assert_eq!(Notice::from(notice).message(), message);
    }
}
