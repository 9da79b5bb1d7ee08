"""Expressions that are asked about documents with values in them that are not known yet.

Where such a value will be, the document has a mark: a message without fields, with which the engine can do next to
nothing, so that whatever reads it is an error. CEL's own rules for errors then do the rest: `a && b` is false if either
is, whatever the other would have been. What the engine can do with a mark (compare it, count it, ask whether it is
there) is made an error by rewriting the expression. So what comes to true or false does so for every value that may
stand there in the end, and also if none does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.cel import library, trees, values

_MARK: Final = values.CLASSES[values.UNKNOWN]()
_KEEPING: Final = frozenset({"_?_:_", "_+_", "dyn", "optional.of", "orValue", "cel.@mapInsert"})
"""May give back what they are given, without a look at it."""
_LOGIC: Final = (
    "_&&_",
    "_||_",
    "!_",
    "@not_strictly_false",
    "__not_strictly_false__",
    "_[_]",
    "hasValue",
    "value",
    "or",
)
_NUMBERS: Final = ("_-_", "_*_", "_/_", "_%_", "-_", "_<_", "_<=_", "_>_", "_>=_")
_TEXTS: Final = (
    *("contains", "endsWith", "startsWith", "matches", "lowerAscii", "upperAscii", "trim", "split", "replace"),
    *("substring", "charAt", "join"),
)
_FAILING: Final = frozenset((*_LOGIC, *_NUMBERS, *_TEXTS)) | {
    overload.name for overload in library.OVERLOADS if "list" not in "".join(overload.parameters)
}
"""Fail of a mark in what they are given, wherever it is: they take no containers, or read all that is in them."""
_COUNTING: Final = frozenset({"size", "optional.ofNonZeroValue"})
"""Look at what is directly in a map, no deeper; that a key has a mark says nothing of whether it will be there."""
_OPTIONAL: Final = frozenset({"_?._", "_[?_]"})
_EQUAL: Final = frozenset({"_==_", "_!=_"})
_MAKING: Final = frozenset(overload.name for overload in library.OVERLOADS if overload.result in values.NAMES)


def marked(document: Any, unknown: Sequence[subjects.Path]) -> Any:
    """The document with the mark at these paths; where it has no such path, at as much of it as it has."""
    for path in unknown:
        document = _with_mark(document, path)
    return document


def _with_mark(document: Any, path: subjects.Path) -> Any:
    if path:
        step, rest = path[0], path[1:]
        if isinstance(document, dict) and isinstance(step, str):
            return {**document, step: _with_mark(document.get(step), rest)}
        if isinstance(document, list) and isinstance(step, int) and 0 <= step < len(document):
            return [*document[:step], _with_mark(document[step], rest), *document[step + 1 :]]
    return _MARK


def guarded(tree: Any) -> Any:
    """The expression (`trees.Expr`, checked) as it is asked about marked documents."""
    return _Guard().walk(tree)


class _Guard:
    def __init__(self) -> None:
        self._last = 1_000_000

    def walk(self, tree: Any, *, kept: bool = True) -> Any:
        """`tree` with guards.

        Args:
            kept: whether the value may end in a list, a map or an optional without a look at it. A field that has a
                mark may come to be absent, which to read is an error, even if nothing is done with it.
        """
        kind = next((field.name for field, _ in tree.ListFields() if field.name != "id"), "")
        if kind == "select_expr":
            return self._select(tree.select_expr, kept=kept)
        if kind == "call_expr":
            return self._function(tree.call_expr, kept=kept)
        if kind == "list_expr":
            elements = [self.walk(element) for element in tree.list_expr.elements]
            copied = trees.copy(tree)
            del copied.list_expr.elements[:]
            copied.list_expr.elements.extend(elements)
            return copied
        if kind == "struct_expr":
            copied = trees.copy(tree)
            for entry in copied.struct_expr.entries:
                entry.value.CopyFrom(self.walk(entry.value))
                if entry.HasField("map_key"):
                    entry.map_key.CopyFrom(self.walk(entry.map_key))
            return copied
        return self._loop(tree.comprehension_expr) if kind == "comprehension_expr" else tree

    def _select(self, select: Any, *, kept: bool) -> Any:
        operand = self.walk(select.operand, kept=False)
        if not select.test_only:
            read = self._make(select_expr=trees.Select(operand=operand, field=select.field))
            return self._known(read) if kept else read
        name = self._name()
        there = self._make(select_expr=trees.Select(operand=self._ident(name), field=select.field, test_only=True))
        held = self._make(select_expr=trees.Select(operand=self._ident(name), field=select.field))
        known = self._unless(self._is_mark(held), self._bool(value=True))
        return self._bind(name, operand, self._call("_&&_", there, known))

    def _function(self, call: Any, *, kept: bool) -> Any:
        function = call.function
        operands = [*([call.target] if call.HasField("target") else []), *call.args]
        walked = [self.walk(operand, kept=function in _KEEPING) for operand in operands]
        if function == "@in":
            return self._within(*walked)
        if function not in _KEEPING | _FAILING | _OPTIONAL:
            look = self._counted if function in _COUNTING else self._looked_through
            if function in _EQUAL and any(operand.HasField("const_expr") for operand in operands):
                look = self._known
            walked = [self._looked(operand, one, look) for operand, one in zip(operands, walked, strict=True)]
        rewritten = trees.Call(function=function, args=walked)
        if call.HasField("target"):
            rewritten = trees.Call(function=function, target=walked[0], args=walked[1:])
        made = self._make(call_expr=rewritten)
        if function in _OPTIONAL:
            return self._optional(made)
        return self._known(made) if kept and function == "_[_]" else made

    @staticmethod
    def _looked(operand: Any, walked: Any, look: Callable[[Any], Any]) -> Any:
        """With a look at it, unless that is a constant or of a type that no mark can be in."""
        made = operand.HasField("call_expr") and operand.call_expr.function in _MAKING
        return walked if made or operand.HasField("const_expr") else look(walked)

    def _within(self, key: Any, container: Any) -> Any:
        """`key in container`; of a map, only what is at that key matters."""
        name, holder = self._name(), self._name()
        found = self._call("@in", self._ident(name), self._ident(holder))
        held = self._call("_[_]", self._ident(holder), self._ident(name))
        in_map = self._unless(self._call("_&&_", found, self._is_mark(held)), found)
        in_list = self._after_look([self._ident(name), self._ident(holder)], found)
        body = self._call("_?_:_", self._is_map(self._ident(holder)), in_map, in_list)
        return self._bind(name, key, self._bind(holder, container, body))

    def _optional(self, tree: Any) -> Any:
        """The optional, unless there is a mark in it."""
        name = self._name()
        filled, held = (self._method(self._ident(name), method) for method in ("hasValue", "value"))
        unsure = self._call("_&&_", filled, self._is_mark(held))
        return self._bind(name, tree, self._unless(unsure, self._ident(name)))

    def _counted(self, tree: Any) -> Any:
        """The value, unless it is a map with a key that may come to be absent."""
        name, key, found = self._name(), self._name(), self._name()
        held = self._call("_[_]", self._ident(name), self._ident(key))
        exists = trees.Comprehension(
            iter_var=key,
            iter_range=self._ident(name),
            accu_var=found,
            accu_init=self._bool(value=False),
            loop_condition=self._call("@not_strictly_false", self._call("!_", self._ident(found))),
            loop_step=self._call("_||_", self._ident(found), self._is_mark(held)),
            result=self._ident(found),
        )
        unsure = self._call("_&&_", self._is_map(self._ident(name)), self._make(comprehension_expr=exists))
        return self._bind(name, tree, self._unless(unsure, self._ident(name)))

    def _looked_through(self, tree: Any) -> Any:
        """The value, unless there is a mark anywhere in it."""
        name = self._name()
        return self._bind(name, tree, self._after_look([self._ident(name)], self._ident(name)))

    def _after_look(self, looked_at: Sequence[Any], tree: Any) -> Any:
        """`tree`, after everything was written out as a text, which the engine cannot do with a mark."""
        listed = self._make(list_expr=trees.CreateList(elements=looked_at))
        written = self._make(
            call_expr=trees.Call(target=self._text("%s" * len(looked_at)), function="format", args=[listed])
        )
        return self._call("_?_:_", self._call("_==_", written, self._text("")), tree, tree)

    def _loop(self, loop: Any) -> Any:
        walked = {
            name: self.walk(getattr(loop, name), kept=name != "iter_range")
            for name in ("iter_range", "accu_init", "loop_condition", "loop_step", "result")
        }
        if loop.iter_var != trees.BOUND:
            walked["iter_range"] = self._counted(walked["iter_range"])
        names = {name: getattr(loop, name) for name in ("iter_var", "iter_var2", "accu_var") if getattr(loop, name)}
        return self._make(comprehension_expr=trees.Comprehension(**names, **walked))

    def _known(self, tree: Any) -> Any:
        """The value, unless it is a mark."""
        name = self._name()
        return self._bind(name, tree, self._unless(self._is_mark(self._ident(name)), self._ident(name)))

    def _unless(self, unsure: Any, tree: Any) -> Any:
        """`tree`, or the error of a key that is not there."""
        nothing = self._make(struct_expr=trees.CreateStruct())
        return self._call("_?_:_", unsure, self._call("_[_]", nothing, self._text("not known yet")), tree)

    def _is_mark(self, tree: Any) -> Any:
        return self._call("_==_", self._call("type", tree), self._ident(values.UNKNOWN))

    def _is_map(self, tree: Any) -> Any:
        return self._call("_==_", self._call("type", tree), self._ident("map"))

    def _bind(self, name: str, value: Any, result: Any) -> Any:
        """As the macro `cel.bind` comes to."""
        return self._make(
            comprehension_expr=trees.Comprehension(
                iter_var=trees.BOUND,
                iter_range=self._make(list_expr=trees.CreateList()),
                accu_var=name,
                accu_init=value,
                loop_condition=self._bool(value=False),
                loop_step=self._ident(name),
                result=result,
            )
        )

    def _bool(self, *, value: bool) -> Any:
        return self._make(const_expr=trees.Constant(bool_value=value))

    def _text(self, text: str) -> Any:
        return self._make(const_expr=trees.Constant(string_value=text))

    def _call(self, function: str, *arguments: Any) -> Any:
        return self._make(call_expr=trees.Call(function=function, args=arguments))

    def _method(self, target: Any, function: str) -> Any:
        return self._make(call_expr=trees.Call(target=target, function=function))

    def _ident(self, name: str) -> Any:
        return self._make(ident_expr=trees.Ident(name=name))

    def _name(self) -> str:
        self._last += 1
        return f"@unknown{self._last}"

    def _make(self, **content: Any) -> Any:
        self._last += 1
        return trees.Expr(id=self._last, **content)
