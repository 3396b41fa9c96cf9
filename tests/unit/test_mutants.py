"""What is changed in a file that decides, so that a test must notice, and how it is tried."""

from __future__ import annotations

from collections.abc import Callable

from mutants.making import mutants_of
from mutants.trying import give_code, outside_functions

SOURCE = '''
"""What it is for."""


class Decision:
    @property
    def is_due(self) -> bool | None:
        """Whether it is due."""
        return self.now >= self.due_at and not self.is_done

    def reset(self, seen: A | B) -> None:
        log.info("reset", seen=seen)
        self.know(linked=False, profile_gone=False)
        match seen:
            case A() | B():
                self.count += 1
            case C(value) if value:
                pass
            case _:
                assert_never(seen)
'''


def changes(place: str) -> set[str]:
    return {one.change for one in mutants_of("decision.py", SOURCE) if one.place == place}


def test_a_condition_is_turned_and_each_part_of_it_left_out() -> None:
    assert changes("Decision.is_due") == {
        "return self.now >= self.due_at and not self.is_done -> " + after
        for after in (
            "return ((self.now >= self.due_at) or (not self.is_done))",
            "return (not self.is_done)",
            "return (self.now >= self.due_at)",
            "return self.now > self.due_at and not self.is_done",
            "return self.now < self.due_at and not self.is_done",
            "return self.now >= self.due_at and (self.is_done)",
        )
    }


def test_a_statement_an_argument_and_a_case_are_left_out_and_what_is_for_people_is_left_alone() -> None:
    before = "self.know(linked=False, profile_gone=False) -> "
    assert changes("Decision.reset") == {
        before + "pass",
        before + "self.know(profile_gone=False)",
        before + "self.know(linked=False)",
        before + "self.know(linked=True, profile_gone=False)",
        before + "self.know(linked=False, profile_gone=True)",
        "case A() | B(): -> case A() | B() if False:",
        "case A() | B(): -> case A():",
        "case A() | B(): -> case B():",
        "self.count += 1 -> pass",
        "self.count += 1 -> self.count += (2)",
        "self.count += 1 -> self.count += (0)",
        "case C(value) if value: -> case C(value) if True:",
        "case C(value) if value: -> case C(value) if False:",
    }


def test_a_mutant_is_known_by_its_words_and_not_by_its_line() -> None:
    further_down = "\n\n" + SOURCE
    assert [one.key for one in mutants_of("d.py", SOURCE)] == [one.key for one in mutants_of("d.py", further_down)]


def test_a_case_of_several_lines_is_left_out_whole() -> None:
    source = "match seen:\n    case (\n        A()\n        | B()\n    ):\n        keep()\n"
    assert "): -> ) if False:" in {one.change for one in mutants_of("d.py", source)}


def test_a_function_that_others_hold_already_does_what_the_mutant_says() -> None:
    source = (
        "@keep\ndef half(of):\n    return (\n        of / 2\n    )\n\n@keep\ndef same(number):\n    return number\n"
    )
    functions: list[Callable[[int], float]] = []

    def keep(function: Callable[[int], float]) -> Callable[[int], float]:
        functions.append(function)
        return function

    exec(compile(source, "decision.py", "exec"), {"keep": keep})  # what is given new code
    half, same = functions
    doubled = next(one for one in mutants_of("decision.py", source) if "of * 2" in one.text)
    give_code(functions, doubled)
    assert (half(4), same(4)) == (8, 4)


def test_what_is_done_when_a_file_is_read_is_outside_of_its_functions() -> None:
    source = "LIMIT = 1\n\n\ndef is_due(now, after=2):\n    return now > 3\n"
    outside = [outside_functions(one.text) != outside_functions(source) for one in mutants_of("d.py", source)]
    assert outside == [True, True, True, True, False, False, False, False]
