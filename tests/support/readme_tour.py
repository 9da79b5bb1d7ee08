"""README's tour from a new person to a page, as somebody copies it: lines for people.yaml, commands, outputs."""

from __future__ import annotations

import dataclasses
import pathlib
import re

README = pathlib.Path(__file__).parents[2] / "README.md"
HEADING = "From a new person to a page"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """A command and what README shows of its output."""

    command: str
    shown: tuple[str, ...]

    def missing(self, seen: str) -> list[str]:
        """Lines that README shows and `seen` does not have, or not in that order; `…` stands for whatever was cut."""
        at, lines = 0, []
        for line in self.shown:
            pattern = "[^\n]*".join(re.escape(re.sub(r"\s+", " ", part.rstrip())) for part in line.split("…"))
            found = re.compile(pattern.replace(r"\ ", r"\s+")).search(seen, at)
            if found is None:
                lines.append(line)
            else:
                at = found.end()
        return lines


def section() -> str:
    """The text under the heading."""
    found = re.search(rf"^## {HEADING}.*?$(.*?)(?=^## )", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"README has no section {HEADING}")
    return found[1]


def person() -> str:
    """What is added to people.yaml."""
    return "".join(re.findall(r"^```yaml\n(.*?)^```", section(), re.MULTILINE | re.DOTALL))


def steps() -> list[Step]:
    """The commands in their order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", section(), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            shown = tuple(line for line in output.splitlines() if line.strip("… "))
            found.append(Step(command=command, shown=shown))
    return found
