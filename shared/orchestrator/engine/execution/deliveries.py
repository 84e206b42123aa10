"""The messages of one invocation, and the replies to them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from uuid import UUID

from orchestrator.aws.queues import LONGEST_DELAY, LONGEST_INVISIBILITY, TaskMessage
from orchestrator.engine.execution.worker import DELETE, Message, Replies, Reply, Source, Worker
from orchestrator.model.errors import Unavailable
from orchestrator.model.states import Status
from orchestrator.store import attempts

#: A message received this often is replaced by a new one, so that maxReceiveCount never counts our backoff.
MANY_RECEIVES = 20


class Deliveries:
    """The messages by the task that they name. SQS deletes those that `answer` does not return."""

    def __init__(self, worker: Worker, messages: Sequence[Message]) -> None:
        self._worker = worker
        self.by_task: dict[UUID, list[Message]] = {}
        for message in messages:
            self.by_task.setdefault(message.task_id, []).append(message)
        self.replies: Replies = {}

    def return_now(self, ids: Collection[UUID]) -> None:
        """Make the messages of these tasks visible at once, while this invocation goes on."""
        hidden = []
        for task_id in ids:
            self.replies[task_id] = Reply(0.0, sent=True)
            hidden += [(message.receipt_handle, 0.0) for message in _kept(self.by_task.get(task_id, []))]
        if hidden:
            self._worker.queue.change_visibility(hidden)

    def answer(self) -> list[str]:
        """Hide the messages that come back and return their ids."""
        hidden: list[tuple[str, float]] = []
        back: list[str] = []
        for task_id, twins in self.by_task.items():
            reply = self.replies.get(task_id, DELETE)
            if reply.seconds is None:
                continue
            for message in _kept(twins):
                if not reply.sent:
                    if self._renewed(message, reply.seconds):
                        continue
                    hidden.append((message.receipt_handle, math.ceil(min(reply.seconds, LONGEST_INVISIBILITY))))
                back.append(message.message_id)
        if hidden:
            self._worker.queue.change_visibility(hidden)
        return back

    def _renewed(self, message: Message, seconds: float) -> bool:
        """Replace an often received message by a new one; return False when it must come back itself."""
        if message.receives < MANY_RECEIVES or seconds > LONGEST_DELAY:
            return False
        try:
            sight = self._worker.db.run(attempts.find_unclaimed, [message.task_id]).get(message.task_id)
        except Unavailable:
            return False
        if sight is None:
            return True
        if sight.status is Status.DEAD_LETTER:
            return False  # it may be the redrive
        return not self._worker.queue.send([TaskMessage.of(sight, delay=seconds)])


def _kept(twins: Sequence[Message]) -> Sequence[Message]:
    """Return those of a task's duplicates that come back: one is enough, unless they may be redrives."""
    return [twin for twin in twins if twin.source is not Source.TASK_QUEUE] or twins[:1]
