"""The messages of dead letters: sent to the dead-letter queue, and deleted when the dead letter is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from orchestrator.aws.clients import CloudError
from orchestrator.aws.queues import TaskMessage, TaskQueue
from orchestrator.model.fault_injection import reach
from orchestrator.observability import logger
from orchestrator.store import dead_letters
from orchestrator.store.connection import Database

#: Receives without a message to delete, after which the search ends until the next minute.
FRUITLESS = 10


class DeadLetterSender(Protocol):
    """A worker or a sweeper."""

    @property
    def db(self) -> Database: ...

    @property
    def dead_letters(self) -> TaskQueue: ...


def send_dead_letters(by: DeadLetterSender, task_messages: Sequence[TaskMessage]) -> None:
    """Send the messages of dead letters; the sweeper sends again those that SQS does not accept."""
    if not task_messages:
        return
    lost = by.dead_letters.send(task_messages)
    reach("run.dead_lettered")
    sent = {task_message.task_id: task_message.dead_seq for task_message in task_messages if task_message not in lost}
    if sent:
        by.db.run(dead_letters.mark_sent, sent)


def delete_settled_messages(by: DeadLetterSender, remaining: Callable[[], float]) -> int:
    """Delete the messages of dead letters that were redriven, discarded or erased; return how many.

    After that the queue's depth, which an alarm watches, is the number of dead letters that need a decision. Task
    messages that SQS moved there are deleted too: the sweeper sends them again. The search hides the other messages.
    """
    deleted = 0
    try:
        surplus = by.dead_letters.depth().waiting
        surplus -= by.db.run(dead_letters.count_dead_letters) if surplus else 0
        for queue in by.dead_letters.lanes():
            deleted += _search(by, queue, surplus - deleted, remaining) if surplus > deleted else 0
    except CloudError as error:  # the next minute will do
        logger.warning("dead-letter queue not looked through", error=str(error))
    return deleted


def _search(by: DeadLetterSender, queue: TaskQueue, surplus: int, remaining: Callable[[], float]) -> int:
    taken = fruitless = 0
    kept: list[str] = []
    while taken < surplus and fruitless < FRUITLESS and remaining() > 10.0:
        seen = queue.receive()
        if not seen:
            break
        waiting = by.db.run(dead_letters.undecided, [(each.task_id, each.dead_seq) for each in seen])
        over = [each.receipt_handle for each, waits in zip(seen, waiting, strict=True) if not waits]
        queue.delete(over)
        kept += [each.receipt_handle for each, waits in zip(seen, waiting, strict=True) if waits]
        taken += len(over)
        fruitless = 0 if over else fruitless + 1
    queue.change_visibility((handle, 0) for handle in kept)
    return taken
