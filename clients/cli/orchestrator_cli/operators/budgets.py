"""Budgets of model calls, and the prices of models. Amounts are in the currency of the prices, such as 0.50."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from orchestrator_cli.session import Exit, Session, fail
from orchestrator_cli.show import AsJson, Yes, as_json, confirm, out, say, table

app = typer.Typer(no_args_is_help=True, help="List and set budgets of model calls, and the prices of models.")

SCOPE = Annotated[str, typer.Argument(metavar="SCOPE", help="stack, agent, owner or task (a task with its children).")]
SUBJECT = Annotated[str, typer.Option(help="The task type or the owner; * for each without its own.")]
PERIOD = Annotated[str, typer.Option(help="day or month; life for the scope task.")]
REASON = Annotated[str, typer.Option(help="For the audit trail.")]
MILLIONTHS = 1_000_000


@app.command("list")
def list_budgets(context: typer.Context, json: AsJson = False) -> None:
    """Every budget with its use, and the price of every model."""
    found = context.obj.get("/ops/budgets")
    if json:
        as_json(found)
        return
    rows = [
        (_name(each), _money(each["limit"]), _money(each["used"]), _money(each["reserved"]), each["onLimit"])
        for each in found["items"]
    ]
    out.print(table(("budget", "limit", "used", "reserved", "at its limit"), rows))
    prices = [
        (each["model"], *(_money(each[part]) for part in ("perRequest", "perMillionInput", "perMillionOutput")))
        for each in found["prices"]
    ]
    out.print(table(("model", "request", "1M input", "1M output"), prices))
    say(f"{found['waiting']:,} tasks wait for a budget.")


@app.command("set")
def set_budget(
    context: typer.Context,
    scope: SCOPE,
    limit: Annotated[str, typer.Argument(metavar="LIMIT", help="Such as 20 or 0.50.")],
    reason: REASON,
    subject: SUBJECT = "*",
    period: PERIOD = "day",
    on_limit: Annotated[str, typer.Option(help="wait for room, or refuse the task.")] = "wait",
) -> None:
    """Create or change a budget. Tasks that wait for one ask again."""
    body = {"limit": _millionths(limit), "onLimit": on_limit, "reason": reason}
    _put(context.obj, scope, subject, period, body)
    say(f"{scope} {subject} may use {limit} in a {period}.")


@app.command()
def delete(
    context: typer.Context,
    scope: SCOPE,
    reason: REASON,
    subject: SUBJECT = "*",
    period: PERIOD = "day",
    yes: Yes = False,
) -> None:
    """Delete a budget. Tasks that wait for one ask again."""
    session: Session = context.obj
    confirm(f"Delete the budget of {scope} {subject} in a {period}?", yes, where=session.where)
    _put(session, scope, subject, period, {"limit": None, "reason": reason})
    say(f"Deleted the budget of {scope} {subject}.")


@app.command()
def price(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The name of the model, as its adapter has it.")],
    request: Annotated[str, typer.Option(help="Of one request.")] = "0",
    input: Annotated[str, typer.Option(help="Of a million input tokens.")] = "0",
    output: Annotated[str, typer.Option(help="Of a million output tokens.")] = "0",
) -> None:
    """Set the price of a model, for calls from now on."""
    body = {"model": model, "perRequest": _millionths(request)}
    body |= {"perMillionInput": _millionths(input), "perMillionOutput": _millionths(output)}
    context.obj.put("/ops/prices", body)
    say(f"Set the price of {model}.")


def _put(session: Session, scope: str, subject: str, period: str, body: dict[str, Any]) -> None:
    """Change the budget in the version that it has now."""
    wanted = (scope, subject, period)
    items = session.get("/ops/budgets")["items"]
    versions = [each["version"] for each in items if (each["scope"], each["subject"], each["period"]) == wanted]
    version = versions[0] if versions else 0
    session.put(f"/ops/budgets/{scope}", {**body, "subject": subject, "period": period, "version": version})


def _millionths(text: str) -> int:
    try:
        amount = Decimal(text) * MILLIONTHS
    except InvalidOperation:
        amount = Decimal(-1)
    if amount < 0 or amount != int(amount):
        fail(Exit.REFUSED, f"{text!r} is no amount; write it such as 20 or 0.50, with six decimals at most.")
    return int(amount)


def _name(budget: dict[str, Any]) -> str:
    spender = f", most: {budget['spender']}" if budget["spender"] not in (None, budget["subject"]) else ""
    return f"{budget['scope']} {budget['subject']} a {budget['period']}{spender}"


def _money(amount: int) -> str:
    return f"{Decimal(amount) / MILLIONTHS:,.6f}".rstrip("0").rstrip(".")
