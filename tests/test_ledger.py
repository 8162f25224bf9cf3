"""The ledger: a real file, whole commits, and what is found after a kill."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cabinets import NOW_S, OFFER, payment, session, train

from controller.ledger.ledger import Ledger, LedgerError
from controller.model.effects import (
    ClearLedgerFaults,
    ClosePayment,
    IntendPulse,
    MarkAmbiguous,
    Note,
    RecordAnswer,
    RecordCoin,
    RecordPayment,
    RecordPulse,
    RememberUncounted,
    RememberUnsettled,
    RememberUse,
    SaveOffer,
    SaveSession,
)
from controller.model.events import Started
from controller.model.offer import PricePeriod
from controller.model.payment import KnownPayment, Outcome, OwedReceipt, Payment, PulseFate, Receipt
from controller.model.trust import Unsettled

NOTHING = Started(unfinished=(), owed=(), session=None, offer=None, board=None)
DELIVERED = Receipt("pi_1", Outcome.DELIVERED, 1, 1)
NOON = "2026-06-01T12:00:00.000Z"

WRITER = """
import sys
from pathlib import Path
from controller.model.effects import IntendPulse, RecordPayment
from controller.ledger.ledger import Ledger
from controller.model.payment import Payment, Train

ledger = Ledger(Path(sys.argv[1]), lambda: "2026-06-01T12:00:00.000Z")
number = 0
while True:
    paid = Payment(f"pi_{number}", 1, None, None, True)
    ledger.write([RecordPayment(Train(paid, 1, 60.0, "boot-a")), IntendPulse(paid.id, 1)])
    print(number, flush=True)
    number += 1
"""


def opened(path: Path) -> Ledger:
    return Ledger(path, lambda: NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A new ledger."""
    ledger = opened(path)
    yield ledger
    ledger.close()


def closed(receipt: Receipt | None = DELIVERED) -> ClosePayment:
    return ClosePayment("pi_1", Outcome.DELIVERED, 1, "its last pulse was fired", receipt)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    """What another program reads in the file."""
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def test_a_new_ledger_remembers_nothing(ledger: Ledger) -> None:
    """Its folder is made on the way."""
    assert (ledger.read_start(), ledger.find("pi_1")) == (NOTHING, None)


def test_what_was_written_is_there_after_a_restart(ledger: Ledger, path: Path) -> None:
    """Trains, the outbox, the session and the offer."""
    running = session("pi_1", NOW_S, 1)
    ledger.write([RecordPayment(train(payment())), IntendPulse("pi_1", 1)])
    ledger.write([RecordPulse("pi_1", 1, 1.0, 1.1), SaveSession(running), closed(), SaveOffer(OFFER)])
    ledger.write([RecordPayment(train(payment("pi_2", 3))), IntendPulse("pi_2", 1)])
    ledger.write([RecordPulse("pi_2", 1, 2.0, 2.1), IntendPulse("pi_2", 2)])
    ledger.write([MarkAmbiguous("pi_2", 2), IntendPulse("pi_2", 3)])
    ledger.close()

    again = opened(path)

    assert again.read_start() == Started(
        unfinished=(train(payment("pi_2", 3), intended=3, fired=1, ambiguous=1),),
        owed=(OwedReceipt(DELIVERED, next_try_s=0.0),),
        session=running,
        offer=OFFER,
        board=None,
    )
    again.close()


def test_what_the_coin_meter_said_is_there_after_a_restart(ledger: Ledger) -> None:
    """Each pulse with its fate, the cash coins, and how long the board has been silent."""
    paid = payment("pi_2", 4)
    ledger.write([RecordPayment(train(paid)), *(IntendPulse("pi_2", number) for number in (1, 2, 3, 4))])
    fates = (PulseFate.CONFIRMED, PulseFate.UNCOUNTED, PulseFate.AMBIGUOUS)
    ledger.write(RecordPulse("pi_2", number, 1.0, 1.1, fate) for number, fate in enumerate(fates, start=1))
    ledger.write([RecordCoin(1), RecordCoin(2), RememberUncounted(1)])

    start = ledger.read_start()

    assert start.unfinished == (train(paid, intended=4, fired=1, uncounted=1, ambiguous=1),)
    assert (start.coins, start.uncounted) == (2, 1)


def test_a_test_credit_is_marked(ledger: Ledger, path: Path) -> None:
    """Nobody paid for it, and it must not seem so."""
    trial = Payment("test-1", 1, None, None, has_receipt=False, test=True)
    ledger.write([RecordPayment(train(trial))])

    assert rows(path, "SELECT id, test FROM payments") == [("test-1", 1)]
    assert ledger.read_start().unfinished == (train(trial),)


def test_the_lines_of_the_last_commit_are_kept_until_the_next(ledger: Ledger, path: Path) -> None:
    """A kill between a commit and its lines loses none; what a clean end has said is taken out."""
    said = Note("payment pi_1: received"), Note("something is wrong", logging.ERROR)
    ledger.write([RememberUncounted(1)], said)
    ledger.close()
    again = opened(path)
    assert again.unsaid() == said
    again.write([RememberUncounted(2)])
    assert again.unsaid() == ()

    again.write([RememberUncounted(3)], said)
    again.forget_notes()

    assert again.unsaid() == ()
    again.close()


def test_since_when_receipts_fail_outlives_the_process(ledger: Ledger) -> None:
    """Until none fails any more."""
    assert ledger.read_start().unsettled is None
    ledger.write([RememberUnsettled(Unsettled("boot-a", 12.5))])
    assert ledger.read_start().unsettled == Unsettled("boot-a", 12.5)

    ledger.write([RememberUnsettled(None)])

    assert ledger.read_start().unsettled is None


def test_faults_that_the_technician_cleared_stay_cleared(ledger: Ledger, path: Path) -> None:
    """In the same commit as all that follows from it."""
    ledger.write([RememberUncounted(3)])
    ledger.write([ClearLedgerFaults(), RememberUncounted(0)])

    assert (ledger.read_start().uncounted, ledger.faults()) == (0, ())


def test_the_train_that_had_started_comes_first_and_then_the_oldest(ledger: Ledger) -> None:
    """Whatever the payments are called."""
    ledger.write([RecordPayment(train(payment(name))) for name in ("pi_z", "pi_m", "pi_a")])
    ledger.write([IntendPulse("pi_m", 1)])

    assert [t.payment.id for t in ledger.read_start().unfinished] == ["pi_m", "pi_z", "pi_a"]


def test_a_deadline_that_is_not_known_is_not_known_after_a_restart(ledger: Ledger) -> None:
    """The relay is asked again; a payment that still has time is not given back."""
    waiting = train(payment(), deadline_s=None)
    ledger.write([RecordPayment(waiting)])

    assert ledger.read_start().unfinished == (waiting,)


def test_a_session_that_ended_is_forgotten(ledger: Ledger) -> None:
    """No session is a value too."""
    ledger.write([SaveSession(session("pi_1", NOW_S, 1))])
    ledger.write([SaveSession(None)])

    assert ledger.read_start() == NOTHING


def test_the_use_of_the_ledger_is_remembered_whole(ledger: Ledger, path: Path) -> None:
    """The Pi, the boot, and what may have been credited by another ledger."""
    ledger.write([RememberUse("pi-a", "boot-a", doubt_before_s=12.5)])
    ledger.close()

    again = opened(path)

    assert again.read_start() == replace(NOTHING, board="pi-a", boot_id="boot-a", doubt_before_s=12.5)
    again.write([RememberUse("pi-a", "boot-b")])
    assert again.read_start() == replace(NOTHING, board="pi-a", boot_id="boot-b")
    again.close()


def test_a_payment_is_found_open_and_then_with_its_receipt(ledger: Ledger) -> None:
    """A repeat is known by it."""
    ledger.write([RecordPayment(train(payment()))])
    assert ledger.find("pi_1") == KnownPayment(receipt=None)

    ledger.write([closed()])
    assert ledger.find("pi_1") == KnownPayment(DELIVERED)


def test_an_answered_receipt_leaves_the_outbox_and_stays_known(ledger: Ledger, path: Path) -> None:
    """A repeat may still ask for it."""
    ledger.write([RecordPayment(train(payment())), closed()])
    ledger.write([RecordAnswer("pi_1", "settled", charged=100)])

    assert (ledger.read_start(), ledger.find("pi_1")) == (NOTHING, KnownPayment(DELIVERED))
    assert rows(path, "SELECT answer, charged FROM payments") == [("settled", 100)]


def test_a_payment_without_receipt_never_joins_the_outbox(ledger: Ledger) -> None:
    """There is nobody to send it to."""
    ledger.write([RecordPayment(train(payment(has_receipt=False))), closed(receipt=None)])

    assert ledger.read_start() == NOTHING


def test_the_measured_times_and_the_time_of_day_can_be_read_by_people(ledger: Ledger, path: Path) -> None:
    """An operator with a complaint opens the file."""
    ledger.write([RecordPayment(train(payment())), IntendPulse("pi_1", 1)])
    ledger.write([RecordPulse("pi_1", 1, 12.5, 12.625), closed()])

    assert rows(path, "SELECT id, amount, currency, received_at, outcome, reason FROM payments") == [
        ("pi_1", 100, "usd", NOON, "delivered", "its last pulse was fired")
    ]
    assert rows(path, "SELECT * FROM pulses") == [("pi_1", 1, "fired", 12.5, 12.625)]


# All or nothing


@pytest.mark.parametrize(
    "bad",
    [
        RecordPayment(train(payment("pi_0"))),
        IntendPulse("pi_0", 1),
        IntendPulse("pi_9", 1),
        RecordPulse("pi_0", 2, 1.0, 1.1),
        MarkAmbiguous("pi_0", 2),
        ClosePayment("pi_9", Outcome.DELIVERED, 1, "", None),
        RecordAnswer("pi_9", "settled"),
    ],
    ids=[
        "a payment twice",
        "a pulse twice",
        "a pulse of no payment",
        "the end of a pulse that was not intended",
        "doubt about a pulse that was not intended",
        "the end of no payment",
        "an answer about no payment",
    ],
)
def test_a_record_that_does_not_fit_undoes_its_whole_commit(ledger: Ledger, bad: object) -> None:
    """The records before it are not there either."""
    ledger.write([RecordPayment(train(payment("pi_0"))), IntendPulse("pi_0", 1)])
    before = ledger.read_start()

    with pytest.raises((LedgerError, sqlite3.IntegrityError)):
        ledger.write([RecordPayment(train(payment())), bad])  # type: ignore[list-item]
    assert (ledger.read_start(), ledger.find("pi_1")) == (before, None)


def test_an_outcome_is_never_changed(ledger: Ledger) -> None:
    """It may have been charged already."""
    ledger.write([RecordPayment(train(payment())), closed()])

    with pytest.raises(LedgerError, match=r"^payment pi_1 is not open$"):
        ledger.write([ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "changed its mind", None)])
    assert ledger.find("pi_1") == KnownPayment(DELIVERED)


def test_a_pulse_that_ends_unintended_is_named(ledger: Ledger) -> None:
    """The error says which."""
    with pytest.raises(LedgerError, match=r"^pulse 3 of pi_1 was never intended$"):
        ledger.write([RecordPulse("pi_1", 3, 1.0, 1.1)])


def test_a_ledger_goes_on_after_a_commit_that_failed(ledger: Ledger) -> None:
    """No transaction is left open."""
    with pytest.raises(LedgerError):
        ledger.write([MarkAmbiguous("pi_1", 1)])

    ledger.write([RecordPayment(train(payment()))])

    assert ledger.find("pi_1") == KnownPayment(receipt=None)


# The file


def test_every_commit_is_forced_to_the_disk(ledger: Ledger, path: Path) -> None:
    """WAL with anything less than FULL loses the last commits with the power."""
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert ledger._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_another_process_is_refused(ledger: Ledger, path: Path) -> None:
    """Two controllers would fire each pulse twice."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom controller.ledger.ledger import Ledger\n"
        "Ledger(Path(sys.argv[1]), str)"
    )
    second = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)

    assert second.stderr.splitlines()[-1] == (
        f"controller.ledger.file.LedgerError: {path.with_suffix('.lock')}: "
        "another controller is running: stop it first"
    )


def test_a_closed_ledger_can_be_opened_again(ledger: Ledger, path: Path) -> None:
    """The lock goes with it."""
    ledger.close()

    opened(path).close()


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(ledger: Ledger, path: Path) -> None:
    """An older program would misread it."""
    ledger.close()
    rows(path, "PRAGMA user_version = 99")

    with pytest.raises(LedgerError) as raised:
        opened(path)
    assert str(raised.value) == (
        f"{path}: written by a newer version (schema 99, this one knows 6): install that version again"
    )
    assert rows(path, "PRAGMA user_version") == [(99,)]


def test_what_a_killed_process_had_committed_is_there(path: Path) -> None:
    """And nothing of what it had not: each payment has its pulse."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [int(writer.stdout.readline()) for _ in range(20)]
    writer.kill()
    said += [int(line) for line in writer.stdout.read().splitlines()]
    writer.wait()

    ledger = opened(path)
    unfinished = ledger.read_start().unfinished
    ledger.close()

    assert [t.payment.id for t in unfinished][: len(said)] == [f"pi_{n}" for n in said]
    assert len(unfinished) - len(said) in (0, 1)
    assert {t.intended for t in unfinished} == {1}


def test_an_offer_is_remembered_with_its_periods_and_one_of_before_without(path: Path) -> None:
    """A controller that was brought up to date still shows its prices without network."""
    timed = replace(OFFER, period=PricePeriod("Gala", "23:00"), coming=PricePeriod("Late", "22:00"))
    with closing(opened(path)) as ledger:
        ledger.write([SaveOffer(timed)])
        told = [ledger.read_start().offer]
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE memory SET value = json_remove(value, '$.period', '$.coming', '$.note')")
    with closing(opened(path)) as ledger:
        told.append(ledger.read_start().offer)
    assert told == [timed, OFFER]
