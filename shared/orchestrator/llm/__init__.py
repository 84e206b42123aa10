"""Agents that use a language model: a durable loop over turns and tools.

    from orchestrator import Context, agent
    from orchestrator.llm import OpenAIModel, run_agent_loop, tool

    @tool
    def weather(city: str) -> dict[str, float]:
        \"\"\"Return today's weather of a city.\"\"\"
        return fetch_weather(city)

    @agent("trip.advise", payload=Question, open_to_users=True, timeout=50)
    def advise(ctx: Context, payload: Question) -> dict[str, str]:
        model = OpenAIModel("a-model", base_url="https://models.example/v1", api_key=read_key)
        answer = run_agent_loop(ctx, model, payload.text, system="You plan trips.", tools=[weather])
        return {"answer": answer.text}

Each turn of the model and each call of a tool is a step: after a crash the loop goes on where it was, pays for no
turn twice and repeats no effect.
"""

from __future__ import annotations

from orchestrator.llm.bedrock import BedrockModel
from orchestrator.llm.loop import Answer, Limits, run_agent_loop
from orchestrator.llm.messages import Message, ToolCall, Turn, Usage
from orchestrator.llm.model import Finished, Model, ModelError, ModelRequest, TextDelta, ToolSpec
from orchestrator.llm.openai import OpenAIModel
from orchestrator.llm.scripted import Call, ScriptedModel
from orchestrator.llm.tools import AgentTool, FunctionTool, ToolError, agent_tool, tool

__all__ = [
    "AgentTool",
    "Answer",
    "BedrockModel",
    "Call",
    "Finished",
    "FunctionTool",
    "Limits",
    "Message",
    "Model",
    "ModelError",
    "ModelRequest",
    "OpenAIModel",
    "ScriptedModel",
    "TextDelta",
    "ToolCall",
    "ToolError",
    "ToolSpec",
    "Turn",
    "Usage",
    "agent_tool",
    "run_agent_loop",
    "tool",
]
