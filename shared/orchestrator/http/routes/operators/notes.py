"""Operators: notes on a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.operators import notes as engine
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import TASK_ID, operation
from orchestrator.http.request import path_uuid, read
from orchestrator.http.schemas.names import operator_responses, requests
from orchestrator.model.task import iso

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas.operator_responses import Note as NoteView
    from orchestrator.store.notes import Note


def note_routes(services: Services) -> Router:
    router = Router()

    @router.post("/ops/tasks/<task_id>/notes")
    @operation(
        "Add a note for other operators to a task; it ends with the task",
        {201: operator_responses.Note},
        parameters=(TASK_ID,),
        body=requests.AddNote,
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def add_note(task_id: str) -> JsonResponse:
        from orchestrator.http.schemas.requests import AddNote

        body, actor = read(AddNote, router.current_event), current_operator(router)
        return json_response(201, note_view(engine.add_note(services.db, path_uuid(task_id), actor, body.text.strip())))

    return router


def note_view(note: Note) -> NoteView:
    return {"id": note.id, "createdAt": iso(note.created_at), "actor": note.actor, "text": note.text}
