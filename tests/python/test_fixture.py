"""The pytest fixture and the Python package, as they are installed from the wheel."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import textwrap
from urllib.parse import urlsplit

import ossvec
import pytest
from alibabacloud_oss_v2 import vectors

EMOJI = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "emoji.jsonl"
CREATE = ["--create-index", "--distance-metric", "cosine"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No test finds settings of this machine, nor leaves a journal on it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("OSS_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.chdir(tmp_path)


def got(service, key, index="emoji"):
    request = vectors.models.GetVectorsRequest(
        bucket=service.bucket, index_name=index, keys=[key], return_data=True, return_metadata=True
    )
    return service.client().get_vectors(request).vectors


def connection(endpoint):
    address = urlsplit(endpoint)
    return socket.create_connection((address.hostname, address.port), timeout=30)


def assert_ends(held):
    """Waits until the service at the other end is gone: it closes what it holds."""
    try:
        assert held.recv(1) == b""
    except ConnectionResetError:
        pass


def test_the_sdk_reads_what_ossvec_has_loaded(ossvec_service):
    done = ossvec_service.run("put-vectors", EMOJI, "--index-name", "emoji", *CREATE, "--output-format", "json")
    assert json.loads(done.stdout)["stored"] == 1336
    (found,) = got(ossvec_service, "U+1F600")
    with EMOJI.open(encoding="utf-8") as lines:
        wanted = next(record for record in map(json.loads, lines) if record["key"] == "U+1F600")
    assert found["metadata"] == wanted["metadata"]
    assert found["data"]["float32"] == pytest.approx(wanted["data"]["float32"], abs=1e-7)


def test_ossvec_loads_into_what_the_sdk_has_made(ossvec_service):
    client = ossvec_service.client()
    client.put_vector_bucket(vectors.models.PutVectorBucketRequest(bucket="own"))
    client.put_vector_index(
        vectors.models.PutVectorIndexRequest(
            bucket="own", index_name="docs", data_type="float32", dimension=2, distance_metric="euclidean"
        )
    )
    record = '{"key":"a","data":{"float32":[0.25,-1]}}'
    ossvec_service.run("put-vectors", "-", "--bucket", "own", "--index-name", "docs", input=record)
    request = vectors.models.GetVectorsRequest(bucket="own", index_name="docs", keys=["a"], return_data=True)
    assert client.get_vectors(request).vectors[0]["data"]["float32"] == [0.25, -1]


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_service_of_its_own(ossvec_service, turn):
    listed = ossvec_service.client().list_vector_indexes(
        vectors.models.ListVectorIndexesRequest(bucket=ossvec_service.bucket)
    )
    assert not listed.indexes, turn
    ossvec_service.run("put-vectors", EMOJI, "--index-name", "emoji", *CREATE)


@pytest.mark.ossvec("--fault", "op=PutVectors,nth=1,status=403,code=AccessDenied")
def test_options_of_serve_come_from_the_marker(ossvec_service):
    done = ossvec_service.run("put-vectors", EMOJI, "--index-name", "emoji", *CREATE, check=False)
    assert done.returncode == 2 and "AccessDenied" in done.stderr
    ossvec_service.run("put-vectors", EMOJI, "--index-name", "emoji")


def test_a_command_that_fails_raises_with_its_exit_code(ossvec_service, capsys):
    with pytest.raises(subprocess.CalledProcessError) as raised:
        ossvec_service.run("put-vectors", "nothing.jsonl", "--index-name", "emoji")
    assert raised.value.returncode == 3
    assert "nothing.jsonl" in raised.value.stderr and "nothing.jsonl" in capsys.readouterr().err


def test_what_does_not_start_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="nosuch"):
        ossvec.Service("--nosuch")
    with pytest.raises(ValueError, match="--region"):
        ossvec.Service("--region=cn-beijing")
    with ossvec.Service(data_dir=tmp_path / "data"):
        with pytest.raises(RuntimeError, match="data"):
            ossvec.Service(data_dir=tmp_path / "data")


def test_data_outlives_the_service_only_in_a_directory_that_is_named(tmp_path):
    data = tmp_path / "data"
    with ossvec.Service(data_dir=data) as service:
        service.run("put-vectors", EMOJI, "--index-name", "emoji", *CREATE)
    with ossvec.Service(data_dir=data) as service:
        assert got(service, "U+1F600")
    with ossvec.Service() as service:
        temporary = service.data_dir
        assert os.path.isdir(temporary)
    assert not os.path.exists(temporary)


def test_a_stopped_service_is_gone_and_may_be_stopped_again():
    with ossvec.Service() as service:
        held = connection(service.endpoint)
        service.stop()
        assert_ends(held)
    held.close()


@pytest.mark.parametrize("end", ["os.abort()", "os._exit(0)", "sys.exit(1)", "os.kill(os.getpid(), 9)", "fork"])
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_however_the_tests_end_the_service_ends_with_them(tmp_path, end):
    # A forked process that lives on holds the pipe open; the end of the tests must be enough.
    end = "service.stop() if os.fork() else os.read(0, 1); os._exit(0)" if end == "fork" else end
    script = textwrap.dedent(f"""
        import os, sys, ossvec
        service = ossvec.Service(data_dir={str(tmp_path / "data")!r})
        print(service.endpoint, flush=True)
        sys.stdin.readline()
        {end}
    """)
    tests = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with tests, connection(tests.stdout.readline().strip()) as held:
        tests.stdin.write("end\n")
        tests.stdin.flush()
        assert_ends(held)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_pytest_ends_the_service(tmp_path, number):
    (tmp_path / "test_waits.py").write_text(
        "def test_waits(ossvec_service):\n    print(ossvec_service.endpoint, flush=True)\n    input()\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "test_waits.py"]
    tests = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with tests:
        endpoint = next(line for line in tests.stdout if "http://" in line)
        with connection(endpoint[endpoint.index("http://") :].strip()) as held:
            tests.send_signal(number)
            assert_ends(held)


def test_settings_of_the_machine_do_not_reach_the_service(ossvec_service):
    assert ossvec_service.environment["OSS_ENDPOINT"] == ossvec_service.endpoint
    shown = ossvec_service.run("config", "show", "--output-format", "json")
    assert ossvec_service.endpoint in shown.stdout


def test_the_examples_of_the_page_work_as_they_stand(tmp_path):
    page = (EMOJI.parents[1] / "from-python.md").read_text(encoding="utf-8")
    # What stands before writes files; tests/program/python_files.rs runs it.
    page = page[page.index("## Test against a local service") :]
    blocks = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    assert len(blocks) >= 3
    (tmp_path / "vectors.jsonl").write_text('{"key":"doc-1","data":{"float32":[0.5,1]}}\n')
    (tmp_path / "test_page.py").write_text("\n".join(blocks))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", "test_page.py"]
    tests = subprocess.run(command, capture_output=True, text=True)
    assert tests.returncode == 0 and "2 passed" in tests.stdout, tests.stdout
