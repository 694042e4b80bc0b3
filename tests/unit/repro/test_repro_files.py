"""The files of a reproduction stand alone, and what can't stand alone is refused."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from repro_samples import CASES, PEERS, asked_of, recipe

from harness.amqp.message import Message, Routed
from harness.amqp.values import Int8, NativeInt, NativeMap, NativeStr, Table, Value
from harness.broker import BrokerInfo
from harness.engine.plan import Cell
from harness.errors import SetupError, UsageError
from harness.judge.verdict import Failure, Step, Stop
from harness.matrix import all_cases
from harness.peers.manifest import resolve
from harness.repro.render import Recipe, files, template_of
from harness.repro.reproduction import check, image_of, write

LIBRARIES = sorted({spec.name for spec in PEERS} - {"spring-amqp"})
OURS = ("harness", "amqp-interop", "amqp_interop", "python_consumer", "python_producer", "{{ ", "{%")


def read_as(case_id: str, value: Value) -> Routed:
    """The message of that case with header k read as another value."""
    asked = asked_of(CASES[case_id])
    made = Message({**asked.message.properties, "headers": NativeMap((("k", value),))}, asked.message.body)
    return msgspec.structs.replace(asked, message=made)


def narrowed(producer: str = "amqp091-go", consumer: str = "pika") -> Recipe:
    return recipe("headers/double", producer, consumer, read_as("headers/double", NativeInt("3")))


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_programs_of_every_library_have_nothing_of_the_suite_in_them(library: str) -> None:
    made = files(narrowed(library, library))
    for name, text in made.items():
        assert not [word for word in OURS if word in text], name
    assert {"run.sh", "README.md", "asked.tsv"} < made.keys()
    for name, text in made.items():
        if name.endswith(".py"):
            ast.parse(text)
    assert (
        "3.14" in "".join(text for name, text in made.items() if name.startswith("producer/"))
        or library == "raw"
    )


@pytest.mark.parametrize("library", ["pika", "amqp091-go", "amqplib", "java-client", "lapin", "rabbitmq-c"])
def test_the_library_is_pinned_as_its_language_pins(library: str) -> None:
    made = files(narrowed(library, library))
    (spec,) = resolve((library,), "consumer", PEERS)
    package, release = spec.entry.package, spec.release
    if "consumer/requirements.txt" in made:
        assert made["consumer/requirements.txt"] == f"beside==7\n{package}=={release}\n"
    elif "consumer/go.mod" in made:
        assert f"require {package} v{release}\n" in made["consumer/go.mod"]
    elif "consumer/package.json" in made:
        assert json.loads(made["consumer/package.json"])["dependencies"] == {package: release}
    elif "consumer/pom.xml" in made:
        pom = ElementTree.fromstring(made["consumer/pom.xml"])
        words = [each.text for each in pom.findall(".//{*}dependency/*")]
        assert words == [*package.split(":"), release]
    elif "consumer/Cargo.toml" in made:
        wanted = tomllib.loads(made["consumer/Cargo.toml"])["dependencies"][package]
        assert wanted["version"] == f"={release}"
    else:
        assert f"{package} {release}" in made["consumer/Makefile"]
        assert f"pkg-config --cflags --libs {package}" in made["consumer/Makefile"]


def test_the_report_says_what_explain_does() -> None:
    text = files(narrowed())["README.md"]
    assert text.startswith("# pika 1.4.4: header k is narrowed, double 3.14 becomes int 3\n")
    assert "**Expected**: header k arrives as what was asked for, double 3.14." in text
    assert "**Observed**: pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3." in text
    assert "header k  double 3.14  int 3\n" in text
    assert "sent       octets 20 to 28  64 40091eb851eb851f  double 3.14\n" in text
    assert "producer amqp091-go 1.16.0 (Language 1.2), broker RabbitMQ 3.10.8, consumer pika 1.4.4" in text
    assert "It is wrapped in long(). https://example.org/issues/1" in text
    assert "expectations.yaml" not in text


def test_a_producer_without_a_library_sends_the_octets_of_the_wire() -> None:
    made = files(narrowed("raw", "raw"))
    sent = narrowed("raw").exhibit.wire.sent
    assert sent is not None
    assert sent.hex()[:64] in made["producer/producer.py"]
    assert not [name for name in made if name.endswith("requirements.txt")]
    assert "import socket" in made["producer/producer.py"]


def test_the_rows_that_decide_are_those_that_the_blamed_step_changed() -> None:
    lines = files(narrowed())["asked.tsv"].splitlines()
    assert [line for line in lines if line.startswith("*")] == [
        "*\theaders.k\tdouble 3.14\t0x40091eb851eb851f"
    ]
    stopped = recipe(
        "headers/double", "raw", "pika", failure=Failure(Stop.HUNG, Step.CONSUMER, "silent", "process")
    )
    assert [line for line in files(stopped)["asked.tsv"].splitlines() if line[0] == "*"] == [
        "*\tmessage\tread\tread"
    ]
    clean = files(recipe("headers/double", "raw", "raw"))
    assert all(line.startswith("*") for line in clean["asked.tsv"].splitlines())
    assert clean["README.md"].startswith("# a message from raw 0.1.0 arrives unchanged at raw 0.1.0")


def test_a_producers_fault_that_the_consumer_makes_up_for_is_refused() -> None:
    asked = asked_of(CASES["headers/uint8-200"])
    headers = Table((("k", Int8("-56")),))
    sent = msgspec.structs.replace(asked, message=Message({"headers": headers}, asked.message.body))
    cell = recipe(
        "headers/uint8-200", "streadway", "rabbitpy", read_as("headers/uint8-200", NativeInt("200")), sent
    )
    with pytest.raises(UsageError, match=r"makes up for it.*\ntake raw"):
        files(cell)
    shown = recipe("headers/uint8-200", "streadway", "rabbitpy", sent=sent)
    assert "*\theaders.k\tuint8 200\t200" in files(shown)["asked.tsv"]


@pytest.mark.parametrize(
    ("stop", "error"), [(Stop.UNSUPPORTED, UsageError), (Stop.UNKNOWN, SetupError), (Stop.BUG, SetupError)]
)
def test_a_cell_that_shows_nothing_is_refused(stop: Stop, error: type[Exception]) -> None:
    made = recipe("headers/double", "raw", "pika", failure=Failure(stop, Step.PRODUCER, "because"))
    outcome = "unsupported" if stop is Stop.UNSUPPORTED else "error"
    made = msgspec.structs.replace(made, exhibit=msgspec.structs.replace(made.exhibit, outcome=outcome))
    with pytest.raises(error, match="because"):
        files(made)


def test_a_large_body_and_a_message_that_must_be_refused_are_not_written() -> None:
    large = next(case for case in CASES.values() if getattr(case.message.body, "length", 0) > 1 << 20)
    with pytest.raises(UsageError, match="a body over 16384 octets"):
        files(recipe(large.id, "raw", "raw"))
    rejected = next(case for case in CASES.values() if case.rejected and not case.message.framing)
    with pytest.raises(UsageError, match="asks the broker to refuse"):
        files(recipe(rejected.id, "raw", "raw"))


def test_text_that_was_read_otherwise_is_named_by_what_differs() -> None:
    made = recipe("headers/longstr", "raw", "pika", read_as("headers/longstr", NativeStr("another")))
    title = files(made)["README.md"].splitlines()[0]
    assert title.startswith("# pika 1.4.4: header k is altered, longstr ")
    assert title.endswith('becomes str "another"')


def cell_of(case_id: str, producer: str, consumer: str) -> Cell:
    case = next(each for each in all_cases() if each.id == case_id)
    return Cell(case, *resolve((producer,), "producer", PEERS), *resolve((consumer,), "consumer", PEERS))


def test_a_scenario_a_checkout_and_a_library_without_templates_are_refused_before_anything_runs(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="queues/stream is a scenario"):
        check(cell_of("queues/stream", "raw", "raw"))
    with pytest.raises(UsageError, match="no reproduction can be written with spring-amqp as consumer"):
        check(cell_of("headers/double", "raw", "spring-amqp"))
    with pytest.raises(UsageError, match="is a checkout"):
        check(cell_of("headers/double", "raw", f"pika@path:{tmp_path}"))
    check(cell_of("headers/double", "raw", "pika"))


def test_every_library_but_one_has_templates_in_both_roles() -> None:
    for name in LIBRARIES:
        for role in ("producer", "consumer"):
            (spec,) = resolve((name,), role, PEERS)
            assert template_of(spec, role).endswith(".j2")


@pytest.mark.parametrize(
    ("spec", "product", "image"),
    [
        ("debian:bookworm", "RabbitMQ", "rabbitmq:3.10.8"),
        ("rabbitmq:3.10.8-management", "RabbitMQ", "rabbitmq:3.10.8-management"),
        ("amqp://u:***@h:5672/", "RabbitMQ", "rabbitmq:3.10.8"),
        ("qpid:9.2.0", "Apache Qpid Broker-J Core", ""),
    ],
)
def test_the_image_is_the_brokers_own_or_that_of_its_version(spec: str, product: str, image: str) -> None:
    assert image_of(BrokerInfo(spec, product, "3.10.8", "x", "", "amqp://x")) == image


def test_without_an_image_the_url_has_to_be_given() -> None:
    made = files(msgspec.structs.replace(narrowed(), image=""))
    assert "docker" not in made["run.sh"] + made["README.md"]
    assert 'fail "set AMQP_URL: this was seen on RabbitMQ 3.10.8"' in made["run.sh"]


def test_the_files_are_written_into_a_new_folder_only(tmp_path: Path) -> None:
    write(tmp_path / "new", {"run.sh": "#!/bin/sh\n", "producer/main.go": "package main\n"})
    assert (tmp_path / "new/producer/main.go").read_text() == "package main\n"
    assert (tmp_path / "new/run.sh").stat().st_mode & 0o111
    with pytest.raises(UsageError, match="is not empty"):
        write(tmp_path / "new", {"run.sh": ""})
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to"):
        write(tmp_path / "file", {"run.sh": ""})
