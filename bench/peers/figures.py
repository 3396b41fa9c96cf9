"""All that a run has measured, by figure and contestant, as it comes in round by round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.peers.samples import Sample, Value, ratio

TUNTAS = "tuntas"
WEB_JS = "whatsapp_web_js"
WEB_JS_SHELL = "whatsapp_web_js_shell"
SEED = "seed_recipe"

NAMES = {
    TUNTAS: "Tuntas",
    WEB_JS: "whatsapp-web.js",
    WEB_JS_SHELL: "whatsapp-web.js, `headless: 'shell'`",
    SEED: "the seed's recipe",
}


@dataclass(slots=True)
class Figures:
    """Values by figure, then by contestant. Units are in the figures' names."""

    values: dict[str, dict[str, list[Value]]] = field(default_factory=dict)

    def add(self, figure: str, contestant: str, value: Value) -> None:
        """Take one more round's value."""
        self.values.setdefault(figure, {}).setdefault(contestant, []).append(value)

    def sample(self, figure: str, contestant: str) -> Sample | None:
        """Return what was measured, None if nothing was."""
        found = self.values.get(figure, {}).get(contestant)
        return Sample(tuple(found)) if found else None

    def median(self, figure: str, contestant: str = TUNTAS) -> Value:
        """Return the middle of what was measured, None if nothing was."""
        sample = self.sample(figure, contestant)
        return None if sample is None else sample.median

    def ratio(self, figure: str, theirs: str) -> Value:
        """Return ours over theirs, None if one of them was not measured."""
        ours, other = self.sample(figure, TUNTAS), self.sample(figure, theirs)
        return None if ours is None or other is None else ratio(ours, other)

    def document(self) -> dict[str, Any]:
        """Return all values as JSON has them, each sample with its middle and its ends."""
        return {
            figure: {who: _document(Sample(tuple(values))) for who, values in by_contestant.items()}
            for figure, by_contestant in self.values.items()
        }

    @classmethod
    def of(cls, document: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Figures:
        """Return the figures that a document was made from."""
        return cls(
            {
                figure: {who: list(one["rounds"]) for who, one in by_contestant.items()}
                for figure, by_contestant in document.items()
            }
        )


def _document(sample: Sample) -> dict[str, Any]:
    rounded = [None if one is None else round(one, 4) for one in sample.values]
    again = Sample(tuple(rounded))
    return {"median": again.median, "least": again.least, "most": again.most, "rounds": rounded}
