"""What somebody remembers of a log: heads, one a line, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterable

from govcloud_cli.governance import chain, chain_lines


class Memory:
    """A stream of heads, read alongside the log and no faster, so that its length does not matter.

    `complete` says that it should have every head from its first on, as the second place does.
    """

    def __init__(self, name: str, lines: Iterable[bytes], *, complete: bool, key: chain.PublicKey) -> None:
        self.name = name
        """How messages call it."""
        self.complete = complete
        self.newest = -1
        """The number of the last head that was read."""
        self.begun = 0
        """1 if the head after that was begun and not written to its end."""
        self.damage = ""
        """What is wrong with it, as the rest of a sentence that begins with its name."""
        self._lines = iter(lines)
        self._key = key
        self._next: chain.Head | None = None
        self._last: chain.Head | None = None
        self._advance()
        self.first: chain.Head | None = self._next
        """Its first head; None if it remembers nothing."""

    def take(self, number: int) -> chain.Head | None:
        """Its head of record `number`; None if it has none. Numbers must be asked for in their order."""
        while self._next is not None and self._next.number < number:
            self._advance()
        head = self._next
        if head is None or head.number != number:
            return None
        self._advance()
        return head

    def skip_to_end(self) -> chain.Head | None:
        """Its last head, after having read and checked all of them."""
        while self._next is not None:
            self._advance()
        return self._last

    def _advance(self) -> None:
        self._next = None
        line = next(self._lines, None)
        if line is None or self.damage:
            return
        if not line.endswith(b"\n") and self.complete and chain_lines.is_torn_head(line):
            self.begun = 1
            return
        try:
            head = chain_lines.decode_head(line)
        except chain_lines.MalformedError as error:
            self.damage = f"has a line after head {self.newest} that is no head: {error}"
            return
        # Of a key that is not ours nothing can be checked; whoever compares heads says so.
        if head.key == self._key.fingerprint and not chain.is_signed(head, self._key):
            self.damage = f"has a head {head.number} that the key did not sign"
        elif self._last is not None and not self._follows(head, self._last):
            self.damage = f"has, after head {self._last.number}, head {head.number} or one of another log"
        else:
            self.newest, self._next, self._last = head.number, head, head

    def _follows(self, head: chain.Head, last: chain.Head) -> bool:
        if (head.environment, head.side, head.key) != (last.environment, last.side, last.key):
            return False
        return head.number == last.number + 1 or (not self.complete and head.number > last.number)
