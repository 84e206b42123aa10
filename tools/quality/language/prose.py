"""The prose of the repository: sentences of Markdown, docstrings and comments, and the rules of plain English for them.

Rules that a program can check:

- No sentence has *who*, *whoever*, *what* or *whatever* as its subject. A question may.
- No metaphor stands for a technical thing: `letter`, `death`, `bury`, `door`, `desk`, `front`, `tell`, `look`,
  `let go`, `place`, `words`, `hold`. Terms stay: dead letter, front end, frontend, in place, take place, lookup,
  look-alike, threshold, placeholder, 25 words. Code in backticks, code blocks and addresses are not prose.
- An owner has a name: not `ours`, `theirs`, `of somebody`.
- A sentence has at most 25 words.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

METAPHORS = re.compile(
    r"""
    (?<!dead\ )(?<!dead-)\bletters?\b
    | \bdeaths?\b | \bbur(?:y|ies|ied|ying)\b | \bdoors?\b | \bdesks?\b
    | \bfront\b(?![- ]?end)
    | \btell(?:s|ing)?\b | \btold\b
    | \blook(?:s|ed|ing)?\b(?!-)
    | \blet(?:s|ting)?\ go\b
    | (?<!in\ )(?<!take\ )(?<!takes\ )(?<!took\ )\bplaces?\b
    | (?<!\d\ )\bwords\b
    | \bhold(?:s|ing)?\b | \bheld\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: Owners without a name: `a token of ours` is a token of the API.
UNNAMED = re.compile(
    r"\b(?:ours|theirs)\b|\bof (?:somebody|nobody)\b(?! else)|\b(?:some|no)body else's\b", re.IGNORECASE
)
#: The subjects without a name, in a statement.
RIDDLES = re.compile(r"^(?:who|whoever|what|whatever)\b[^?]*$", re.IGNORECASE)
#: Pronouns without a name behind them, at any position of a sentence.
PRONOUNS = ("who", "whoever", "what", "whatever")
#: The beginning of a docstring that is no imperative: an article, a pronoun, a preposition, a verb that ends in s.
DESCRIBES = re.compile(
    r"(?:An?|The|This|That|Those|These|Every|Each|All|Whether|Whose|How|Where|When|As|Of|In|On|With|From|By|No|Not|Up"
    r"|(?!Pass |Process |Address )[A-Z][a-z]+s)\b"
)
#: A word of a sentence.
LONGEST = 25
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
#: Ends of file names, by the way to find their prose.
MARKDOWN, PYTHON = (".md",), (".py",)
HASH_COMMENTS = (".yaml", ".yml", ".toml", "Makefile", "run")
DASH_COMMENTS = (".sql",)
SLASH_COMMENTS = (".js", ".css", ".ts")


def sentences(path: Path) -> list[str]:
    """Return the sentences of a file's prose; of other files none."""
    text = path.read_text(encoding="utf-8")
    if path.name.endswith(MARKDOWN):
        return [sentence for block in _markdown(text) for sentence in split(block)]
    return [sentence for block in _comments(path.name, text) for sentence in split(block)]


def messages(path: Path) -> list[str]:
    """Return the sentences in the strings of a Python file that are no docstrings: messages, help, descriptions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]
    return [sentence for text in texts if " " in text.strip() for sentence in split(text)]


def descriptions(path: Path) -> list[str]:
    """Return the functions of a Python file whose docstring describes instead of using the imperative."""
    named = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, named)]
    return [node.name for node in functions if DESCRIBES.match(ast.get_docstring(node) or "")]


def faults(sentence: str) -> list[str]:
    """Return the rules that the sentence breaks, each by the text that breaks it."""
    found = [match[0].lower() for rule in (METAPHORS, UNNAMED) for match in rule.finditer(sentence)]
    riddle = RIDDLES.match(sentence)
    return [*found, sentence.split(maxsplit=1)[0].lower()] if riddle else found


def riddles_per_thousand(texts: Iterable[str]) -> float:
    """Return how often *what*, *who* and their like occur per 1,000 words of these sentences."""
    found = [word.lower() for text in texts for word in WORD.findall(text)]
    return sum(word in PRONOUNS for word in found) * 1000 / max(1, len(found))


def split(block: str) -> list[str]:
    """Return the sentences of a paragraph, without code and addresses."""
    plain = re.sub(r"``?[^`]*``?", "CODE", block)
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", plain)
    plain = re.sub(r"<[^>]*>|https?://\S+", " ", plain)
    plain = re.sub(r"[*_#>]+", "", plain)
    parts = re.split(r"(?<=[.!?:;])\s+", " ".join(plain.split()))
    return [part for part in parts if WORD.search(part)]


def _markdown(text: str) -> Iterator[str]:
    """Yield paragraphs, list items, headings and table cells."""
    text = re.sub(r"^( *)(```|~~~).*?^\1\2 *$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"^(?: {4}|\t)(?![-*\d ]).*$", "", text, flags=re.MULTILINE)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)|\n(?=#)|(?<=\|)\n", text):
        yield from block.split("|") if block.lstrip().startswith("|") else [block]


def _comments(name: str, text: str) -> Iterator[str]:
    if name.endswith(PYTHON):
        yield from _python(text)
    elif name.endswith(DASH_COMMENTS):
        yield from _runs(re.findall(r"^(.*?)--\s?(.*)$", text, re.MULTILINE))
    elif name.endswith(SLASH_COMMENTS):
        yield from re.findall(r"/\*+(.*?)\*/", text, re.DOTALL)
        yield from re.findall(r"(?:^|\s)//\s?(.*)$", text, re.MULTILINE)
    elif name.endswith(HASH_COMMENTS):
        yield from re.findall(r"(?:^|\s)#+\s(.*)$", text, re.MULTILINE)


def _runs(found: list[tuple[str, str]]) -> Iterator[str]:
    """Return comments of whole lines as one block, and those behind code each by itself."""
    lines = [text if not before.strip() else f"\n{text}\n" for before, text in found]
    yield from "\n".join(lines).split("\n\n")


def _python(text: str) -> Iterator[str]:
    named = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, named):
            yield from (ast.get_docstring(node) or "").split("\n\n")
    block: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not re.match(r"#:?\s*(noqa|type:|ruff:|!)", token.string):
            if token.start[0] != last + 1:
                yield " ".join(block)
                block = []
            block.append(token.string.lstrip("#: "))
            last = token.start[0]
    yield " ".join(block)
