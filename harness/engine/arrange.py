"""What the suite's own client declares, binds, empties and takes away in a scenario."""

from __future__ import annotations

from harness.engine.deliveries import Otherwise
from harness.judge import verdict
from harness.judge.difference import Kind
from harness.raw.client import Connection
from harness.scenarios import Names
from harness.steps import (
    Bind,
    BindExchange,
    DeclareExchange,
    DeclareQueue,
    DeleteExchange,
    DeleteQueue,
    Purge,
    Step,
    Unbind,
    UnbindExchange,
)


async def arrange(client: Connection, step: Step, names: Names) -> None:
    """Do it. Otherwise where the broker tells another number or name than the step wants."""
    of, table = names.of, names.table
    match step:
        case DeclareQueue():
            declared = await client.declare_queue(
                of(step.queue),
                durable=step.durable,
                exclusive=step.exclusive,
                auto_delete=step.auto_delete,
                passive=step.passive,
                arguments=table(step.arguments),
            )
            if not str(declared.queue).startswith(step.named):
                raise Otherwise(
                    Kind.ALTERED, verdict.Step.BROKER, "named", f"{step.named}...", str(declared.queue)
                )
        case DeclareExchange():
            await client.declare_exchange(
                of(step.exchange),
                step.extension or step.kind,
                durable=step.durable,
                auto_delete=step.auto_delete,
                passive=step.passive,
                internal=step.internal,
                arguments=table(step.arguments),
            )
        case Bind(_, queue, exchange, key, arguments):
            await client.bind(of(queue), of(exchange), key, arguments=table(arguments))
        case Unbind(queue, exchange, key, arguments):
            await client.unbind(of(queue), of(exchange), key, arguments=table(arguments))
        case BindExchange(destination, source, key, arguments):
            await client.bind_exchange(of(destination), of(source), key, arguments=table(arguments))
        case UnbindExchange(destination, source, key, arguments):
            await client.unbind_exchange(of(destination), of(source), key, arguments=table(arguments))
        case DeleteQueue(queue, if_unused, if_empty, messages):
            count = await client.delete_queue(of(queue), if_unused=if_unused, if_empty=if_empty)
            told("messages", messages, count)
        case Purge(queue, messages):
            told("messages", messages, await client.purge_queue(of(queue)))
        case DeleteExchange(exchange, if_unused):
            await client.delete_exchange(of(exchange), if_unused=if_unused)
        case _:
            raise AssertionError(f"not a step of the suite's own client: {step}")


def told(path: str, wanted: int | None, got: int | None) -> None:
    """Otherwise, unless the number that the broker told is the one that is wanted, if one is."""
    if wanted is not None and got != wanted:
        raise Otherwise(Kind.ALTERED, verdict.Step.BROKER, path, str(wanted), str(got))
