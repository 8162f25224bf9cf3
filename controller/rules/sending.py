"""CORE. The rules for telling the fleet: one batch of the journal at a time, until it says that it has it.

Nobody may be listening, for ever: it is tried ever more rarely then, and never a line is written about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# What a connection brings first is the fleet's last word, which says where to begin.
LISTEN_FIRST_S = 2.0
ANSWER_WITHIN_S = 10.0
RETRY_MAX_S = 3600.0
# After a connection that ended with a batch on its way, which a broker may have ended for its sake.
TRIES_IF_CUT = 6
# Two fleets that have not got equally far would send us to and fro.
GO_BACK_EACH_S = 60.0
# A fleet whose sums are wrong must not have us write each time.
NEW_NAME_EACH_S = 3600.0
LONG_AGO = float("-inf")


@dataclass(frozen=True)
class Sending:
    """How far the fleet is (`done`, an entry's number), and what is on its way (times in seconds since boot).

    The batch up to number `on_its_way` was sent at `sent_s`; at `due_s` the next one may go, or this one
    again. `back_to` is how far another fleet is, which has to wait, for we have just gone back.
    """

    done: int = 0
    on_its_way: int | None = None
    sent_s: float = LONG_AGO
    due_s: float = LONG_AGO
    tries: int = 0
    went_back_s: float = LONG_AGO
    back_to: int | None = None
    renamed_s: float = LONG_AGO

    def is_due(self, newest: int, now_s: float) -> bool:
        """Whether a batch is to be sent now, where the newest entry has that number."""
        return newest > self.done and now_s >= self.due_s


def connected(state: Sending, now_s: float) -> Sending:
    """A connection has begun: listen first."""
    return replace(state, due_s=max(state.due_s, now_s + LISTEN_FIRST_S))


def cut(state: Sending, now_s: float) -> Sending:
    """The connection ended before the broker had the batch."""
    tries = max(state.tries, TRIES_IF_CUT)
    return replace(state, tries=tries, due_s=now_s + _wait_s(tries))


def sent(state: Sending, last: int, now_s: float) -> Sending:
    """A batch up to entry `last` is on its way."""
    due_s = now_s + _wait_s(state.tries)
    return replace(state, on_its_way=last, sent_s=now_s, due_s=due_s, tries=state.tries + 1)


def heard(state: Sending, seq: int, now_s: float) -> Sending:
    """A fleet has all up to entry `seq`: it is there, and the next batch may go once it has this one."""
    state = replace(state, tries=0, due_s=min(state.due_s, state.sent_s + ANSWER_WITHIN_S))
    if seq < state.done:
        return mind_who_is_behind(replace(state, back_to=seq), now_s)
    if state.on_its_way is not None and seq < state.on_its_way:
        return replace(state, done=seq)
    return _from(state, seq)


def mind_who_is_behind(state: Sending, now_s: float) -> Sending:
    """Go back for a fleet that wants it, but not all the time."""
    if state.back_to is None or now_s < state.went_back_s + GO_BACK_EACH_S:
        return state
    return replace(_from(state, min(state.back_to, state.done)), went_back_s=now_s, back_to=None)


def may_rename(state: Sending, now_s: float) -> bool:
    """Whether the ledger may take another name now."""
    return now_s >= state.renamed_s + NEW_NAME_EACH_S


def renamed(state: Sending, now_s: float) -> Sending:
    """The ledger has another name: no fleet has anything of it."""
    return replace(_from(state, 0), renamed_s=now_s, back_to=None)


def _from(state: Sending, seq: int) -> Sending:
    return replace(state, done=seq, on_its_way=None, due_s=LONG_AGO)


def _wait_s(tries: int) -> float:
    return min(RETRY_MAX_S, ANSWER_WITHIN_S * 2.0 ** min(tries, 10))
