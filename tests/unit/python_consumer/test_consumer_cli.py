"""The command line of the article's consumer: where it takes the broker's URL from. No library is needed."""

from __future__ import annotations

import pytest

from python_consumer import cli


def said(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a usage error says."""
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("named", [None, ""])
def test_without_argument_and_environment_there_is_no_url(
    named: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AMQP_URL", raising=False)
    if named is not None:
        monkeypatch.setenv("AMQP_URL", named)
    assert "url: missing; give it as an argument, or in the environment as AMQP_URL" in said([], capsys)


def test_the_environment_says_where_the_broker_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMQP_URL", "http://user:secret@host/")
    text = said([], capsys)
    assert "url: scheme http" in text
    assert "secret" not in text


def test_the_argument_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMQP_URL", "http://host/")
    assert "url: scheme ftp" in said(["ftp://host/"], capsys)
    assert "url: scheme missing" in said([""], capsys)
