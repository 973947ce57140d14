"""Who may do what with a request, and what can be asked for at all.

These rules save people from mistakes. What protects them are the same rules in the keeper, in the
custodians' own tools, and in every verifier.
"""

from __future__ import annotations

from plainview.base.clock import Clock, Ms
from plainview.cases.state import Facts, State, check_open_for_custodians, state_of
from plainview.errors import BadFormat, Forbidden, NotFound
from plainview.register.answers import RequestOnLog, WindowOnLog
from plainview.register.projection import Register
from plainview.store.store import Store
from plainview.tlog.entries import Entry, parse

READERS = frozenset({"dpo", "auditor"})


class Rules:
    """Answers out of the register and the store; keeps nothing."""

    def __init__(self, register: Register, store: Store, clock: Clock) -> None:
        self._register, self._store, self._clock = register, store, clock

    def by(self, person: str, raw: bytes, kind: str) -> Entry:
        """The statement, by this person. Raises `BadFormat`, `Forbidden`."""
        entry = parse(raw)
        if entry.type != kind:
            raise BadFormat(f"A {kind} statement is expected here, not {entry.type}.")
        if len(entry.by) != 1 or self._holder(entry.by[0]) != person:
            raise Forbidden(
                "The statement is not signed by the person who is signed in.",
                hint="Use a key of the person who signed in.",
            )
        return entry

    def _holder(self, key: str) -> str:
        """For whom a key stands on the log now, one of several perhaps; empty for nobody."""
        try:
            return self._register.person_by_key(key).person
        except NotFound:
            return ""

    def mine(self, person: str, hash: str) -> RequestOnLog:
        """My own request. Raises `NotFound`, `Forbidden`."""
        request = self._register.request(hash)
        if request.person != person:
            raise Forbidden("This request is somebody else's.")
        return request

    def answerable(self, person: str, hash: str) -> RequestOnLog:
        """A request that this custodian may still answer. Raises `Forbidden`, `Refused`."""
        request = self._register.request(hash)
        windows = [self._register.window(name) for name in request.body["windows"]]
        if request.person == person:
            raise Forbidden("Nobody is custodian of their own request.")
        if person not in self.custodians(windows):
            raise Forbidden("You hold no share of what is asked for.")
        check_open_for_custodians(self.state(request, windows))
        return request

    def check_reader(self, person: str, request: RequestOnLog, windows: list[WindowOnLog]) -> None:
        """Its requester, its custodians and auditors read a request. Raises `Forbidden`."""
        if person == request.person or person in self.custodians(windows):
            return
        if not READERS & set(self._register.person(person).roles):
            raise Forbidden("This request is neither yours nor waits for your share.")

    def check_released(self, person: str, window: str, hash: str | None) -> None:
        """Raises `Forbidden` unless k shares of a window were released to this person."""
        now = self._clock()
        for request in self._register.requests(person):
            if window in request.body["windows"] and hash in (None, request.hash):
                shares = [r.i for r in self._register.releases(request.hash) if r.window == window]
                k = int(self._register.window_record(window)["k"])
                if len(set(shares)) >= k and now < request.expires_ms:
                    return
        raise Forbidden(
            f"No request of yours for {window} has been released.",
            hint="Wait until enough custodians have released it.",
        )

    def check_readable(self, window: WindowOnLog) -> None:
        """Raises `NotFound` when the key of a window is destroyed, or should be."""
        if window.shredded_by is not None or max(window.shred_ms, window.held_ms) <= self._clock():
            raise NotFound(f"The key of {window.window} was destroyed.", hint="Nobody can open it.")

    def existing(self, camera: str, from_ms: Ms, to_ms: Ms) -> list[str]:
        """Windows that are logged, stored and readable, by time. Raises `NotFound` if none is."""
        logged = {one.window: one for one in self._register.windows(camera, from_ms, to_ms)}
        stored = set(self._store.windows(camera, from_ms, to_ms))
        now = self._clock()
        names = [
            name
            for name, one in logged.items()
            if name in stored and one.shredded_by is None and max(one.shred_ms, one.held_ms) > now
        ]
        if not names:
            raise NotFound(
                "Nothing that can be opened is stored for this camera and time.",
                hint="Choose a recorded stretch; the newest few seconds are not stored yet.",
            )
        return names

    def set_index(self, window: WindowOnLog) -> int:
        """Where the custodian set of a window was stated."""
        record = self._register.window_record(window.window)
        return self._register.set_statement(record["set"], window.index)

    def members(self, window: WindowOnLog) -> tuple[str, ...]:
        """Who holds shares of a window, in the order of the shares."""
        body = self._register.stated(self.set_index(window)).body
        return tuple(member["person"] for member in body["members"])

    def custodians(self, windows: list[WindowOnLog]) -> set[str]:
        """Who holds shares of any of the windows."""
        return {person for window in windows for person in self.members(window)}

    def state(self, request: RequestOnLog, windows: list[WindowOnLog]) -> State:
        """Where a request stands now."""
        released: dict[str, set[int]] = {window.window: set() for window in windows}
        for release in self._register.releases(request.hash):
            released[release.window].add(release.i)
        records = [self._register.window_record(window.window) for window in windows]
        facts = Facts(
            max(int(record["k"]) for record in records),
            len(self.custodians(windows) - {request.person}),
            request.expires_ms,
            {window: frozenset(shares) for window, shares in released.items()},
            frozenset(refusal.person for refusal in self._register.refusals(request.hash)),
        )
        return state_of(facts, self._clock())
