"""The door to brokers: what is opened is closed, however the process ends."""

from __future__ import annotations

import subprocess
import sys

OPENED = """
import os
from harness import broker
from harness.broker import Broker, BrokerInfo, Local, running

def opened(spec, stack, say, setup):
    stack.callback(print, "closed", flush=True)
    return Broker("amqp://h", BrokerInfo("local", "", "", "", "", ""))

broker._enter = opened
door = running(Local(), say=print)
door.__enter__()
"""


def output(program: str) -> tuple[int, str]:
    done = subprocess.run(
        (sys.executable, "-c", OPENED + program), stdout=subprocess.PIPE, text=True, check=False
    )
    return done.returncode, done.stdout


def test_a_with_statement_that_is_never_left_ends_with_the_interpreter() -> None:
    assert output("print('end')") == (0, "end\nclosed\n")
    assert output("raise SystemExit(5)") == (5, "closed\n")


def test_stop_all_closes_at_once_and_only_once() -> None:
    assert output("broker.stop_all(); print('end'); broker.stop_all()") == (0, "closed\nend\n")


def test_a_forked_child_closes_nothing_of_its_parents() -> None:
    program = (
        "pid = os.fork()\nif pid == 0:\n  broker.stop_all(); os._exit(0)\nos.waitpid(pid, 0); print('end')"
    )
    assert output(program) == (0, "end\nclosed\n")


def test_the_engine_client_is_not_imported_for_who_does_not_need_it() -> None:
    program = "import sys\nprint('docker' in sys.modules)\nbroker.stop_all()"
    assert output(program) == (0, "False\nclosed\n")
