//! What a run says of records that it rejects: which is the first, where they are, and what to do about them.

use serde_json::json;

use crate::support::{Home, TestService, line, run, with_faults};

#[test]
fn the_first_record_of_a_reason_is_the_first_in_the_input_also_where_its_batch_ends_late() {
    let (home, service) =
        (Home::new(), TestService::start(with_faults(&["op=PutVectors,nth=1,latency=700ms"])));
    // A bad one in each batch, and the first batch is the last to end.
    let records: String = (0..40).map(|record| line(record, 4 + usize::from(record % 10 == 3))).collect();
    home.write("a.jsonl", records);
    let ended = run(home.put_sized(&service, 4).args(["a.jsonl", "--batch-size", "10", "--job", "4"]));
    let reason = &ended.assert_code(4).summary()["reasons"]["dimension"];
    assert_eq!((&reason["count"], &reason["first"]), (&json!(4), &json!("a.jsonl:4")), "{reason}");
}
