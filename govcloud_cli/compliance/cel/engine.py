"""The CEL engine, with the functions that Kubernetes' API server has; the only module that knows which engine it is.

The engine (cel-cpp, through cel-expr-python) is held to what the API server takes: no `math`, no `base64`, no
`cel.bind` in a policy, since the very same text is installed in the cluster (k8s.io/apiserver/pkg/cel/environment).

It finds a function at run time by its name and the rough kinds of its arguments, where Kubernetes' types are all one
kind. So functions of one name that only differ in such types are declared by type, for the checker, and implemented
once, for `values.NOTHING`, which no expression can have a value of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from cel_expr_python import cel
from google.protobuf import message

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.cel import declarations, documents, failures, library, literals, trees, unknowns, values

Json = Any
Verdict = bool | str | failures.Failure
"""What an expression comes to; anything but a bool or a text is a failure."""
_CONFIG: Final = """
stdlib: {exclude_functions: [{name: string}]}
extensions:
- {name: optional}
- {name: strings, version: 2}
- {name: bindings}
- {name: sets}
- {name: lists}
- {name: two-var-comprehensions}
"""
_STRING_OF: Final = ("int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration")
"""What the language's own `string` takes; it is declared again, together with what Kubernetes adds."""
_SHARED: Final = frozenset({"indexOf", "lastIndexOf"})
"""Names that an extension of the engine has too: these are added to it."""


class CompileError(ValueError):
    """The text is no expression, with the engine's own words and a caret."""


class Context:
    """A document that expressions are asked about."""

    def __init__(self, activation: cel.Activation, *, large: bool) -> None:
        self.activation = activation
        self.large = large
        """Whether rules had better be asked one by one."""


class Expression:
    """A compiled expression."""

    def __init__(self, source: str, expression: cel.Expression) -> None:
        self.source = source
        self._expression = expression
        kind = expression.return_type().name()
        self.type = {"BOOL": "bool", "STRING": "string", "DYN": "dyn"}.get(kind, kind)
        """What is known of its value: `bool`, `string`, `dyn` for everything, or another type."""

    def holds(self, context: Context) -> bool:
        """Whether it comes to true, without error; only for expressions of type bool."""
        try:
            return self._expression.eval(context.activation).value() is True
        except (RuntimeError, MemoryError):
            return False

    def evaluate(self, context: Context) -> Verdict:
        """Its value; a failure for an error, and for a value that is neither a bool nor a string."""
        try:
            value = self._expression.eval(context.activation)
            kind = value.type().name()
            # .value() of null, or of a list with null in it, takes a reference from None that nobody gave.
            if kind in ("BOOL", "STRING"):
                found: bool | str = value.value()
                return found
            return failures.of(str(value.value()), self.source) if kind == "ERROR" else failures.no_verdict(kind)
        except RuntimeError as failure:
            return failures.of(str(failure), self.source)
        except MemoryError:
            # A text that was doubled too often. What it took is free again, and the next rule can be asked.
            return failures.OUT_OF_MEMORY


class Engine:
    """Compiles expressions, and makes documents ready for them."""

    def __init__(self, settings: Mapping[str, Json]) -> None:
        """`settings` is what a policy reads as `variables.settings`."""
        self.settings = literals.literal(settings)
        """As a CEL expression."""
        self.memory: dict[int, tuple[object, Any]] = {}
        """What was read with it already, by the identity of what it was read from, with that."""
        self._env = _environment()

    def compile(self, text: str) -> Expression:
        """Compile `text`.

        Raises:
            CompileError: it is no expression, or names what is not there, or its types do not fit.
        """
        try:
            return Expression(text, self._env.deserialize(self._serialized(text)))
        except (RuntimeError, ValueError, TypeError) as failure:
            raise CompileError(failures.without_code(str(failure))) from failure

    def parts(self, text: str) -> trees.Parts:
        """The expression taken apart, with a type for each part. Raises CompileError."""
        try:
            return trees.parts(self._serialized(text))
        except (RuntimeError, ValueError, TypeError, message.DecodeError) as failure:
            raise CompileError(failures.without_code(str(failure))) from failure

    def _serialized(self, text: str) -> bytes:
        return trees.eager(self._env.compile(text).serialize())

    def guarded(self, text: str) -> Expression:
        """Compile `text` to be asked about documents with values in them that are not known: see `unknowns`.

        Raises:
            CompileError: as `compile`, or it is nested too deep to be guarded.
        """
        try:
            tree = unknowns.guarded(trees.checked(self._serialized(text)))
            return Expression(text, self._env.deserialize(trees.parsed(tree)))
        except (RuntimeError, ValueError, TypeError, RecursionError, message.DecodeError) as failure:
            raise CompileError(failures.without_code(str(failure))) from failure

    def context(self, document: Json, unknown: Sequence[subjects.Path] = ()) -> Context:
        """Make a document ready; with `unknown` paths in it, for guarded expressions alone.

        Raises:
            documents.DocumentError: it is no plain JSON, or is larger than any that the API server takes.
        """
        large = documents.check(document)
        known = unknowns.marked(document, unknown) if unknown else document
        return Context(self._env.Activation({"object": known}), large=large)


@functools.cache
def _environment() -> cel.Env:
    by_name: dict[str, list[cel.Overload]] = {"string": [_declared("string", (name,), "string") for name in _STRING_OF]}
    for overloads in _groups(library.OVERLOADS):
        by_name.setdefault(overloads[0].name, []).extend(_group(overloads))
    functions = {name: cel.FunctionDecl(name, found) for name, found in by_name.items()}
    return cel.NewEnv(
        descriptor_pool=values.POOL,
        config=cel.NewEnvConfigFromYaml(_CONFIG),
        variables={"object": cel.Type.DYN, "variables": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)},
        functions=[function for name, function in functions.items() if name not in _SHARED],
        extensions=[cel.CelExtension("kubernetes", [functions[name] for name in sorted(_SHARED)])],
    )


def _kind(type_name: str) -> str:
    """What the engine tells arguments apart by at run time."""
    return "struct" if type_name in values.NAMES else type_name.partition("<")[0]


def _groups(overloads: Iterable[declarations.Overload]) -> Iterable[Sequence[declarations.Overload]]:
    """Overloads that are one function to the engine at run time."""
    found: dict[tuple[str, bool, tuple[str, ...]], list[declarations.Overload]] = {}
    for overload in overloads:
        kinds = tuple(_kind(name) for name in overload.parameters)
        found.setdefault((overload.name, overload.member, kinds), []).append(overload)
    return found.values()


def _group(overloads: Sequence[declarations.Overload]) -> list[cel.Overload]:
    first = overloads[0]
    if len(overloads) == 1:
        return [_declared(first.name, first.parameters, first.result, member=first.member, impl=first.impl)]
    stand_ins = {"struct": values.NOTHING, "list": f"list<{values.NOTHING}>"}
    parameters = tuple(stand_ins.get(_kind(name), name) for name in first.parameters)
    results = {overload.result for overload in overloads}
    result = results.pop() if len(results) == 1 else "dyn"
    return [
        _declared(first.name, parameters, result, member=first.member, impl=_dispatch(overloads)),
        *(_declared(o.name, o.parameters, o.result, member=o.member) for o in overloads),
    ]


def _dispatch(overloads: Sequence[declarations.Overload]) -> Callable[..., Any]:
    """The implementation for the types that the arguments have; lists are all implemented by one."""
    if not any(name in values.NAMES for name in overloads[0].parameters):
        return overloads[0].impl
    by_types = {tuple(values.CLASSES[name] for name in o.parameters if name in values.NAMES): o.impl for o in overloads}

    def dispatch(*arguments: Any) -> Any:
        implementation = by_types.get(tuple(type(one) for one in arguments if type(one) in values.TYPES))
        if implementation is None:
            raise ValueError("no such overload")
        return implementation(*arguments)

    return dispatch


def _declared(
    name: str,
    parameters: Sequence[str],
    result: str,
    *,
    member: bool = False,
    impl: Callable[..., Any] | None = None,
) -> cel.Overload:
    return cel.Overload(
        "_".join(["member" if member else "global", name, *parameters]),
        return_type=_type(result),
        parameters=[_type(parameter) for parameter in parameters],
        is_member=member,
        impl=None if impl is None else failures.told(name, impl),
    )


def _type(name: str) -> cel.Type:
    return _TYPES[name] if name in _TYPES else cel.Type(name)


_TYPES: Final = {
    "dyn": cel.Type.DYN,
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "uint": cel.Type.UINT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "bytes": cel.Type.BYTES,
    "duration": cel.Type.DURATION,
    "timestamp": cel.Type.TIMESTAMP,
}
