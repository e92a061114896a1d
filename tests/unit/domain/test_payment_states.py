"""A payment and its operation through every order of answers that Hypothesis can think of."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from paygate import ActionRequired, Approved, DeclineCode, Declined, Money, Pending, Unknown
from paygate.core.errors import InvalidTransitionError
from paygate.core.event import EventType
from paygate.core.outcome import PARTLY_APPROVED
from paygate.core.payments.model import TRANSITIONS
from paygate.core.payments.operation import OPERATION_TRANSITIONS
from tests.unit.samples import NOW, RS_499, opened, operation

ENDINGS = {EventType.PAYMENT_SUCCESS, EventType.PAYMENT_FAILED}
NEXT = {status: set(moves.values()) for status, moves in TRANSITIONS.items()}
WAIT = timedelta(seconds=5)

waits = st.timedeltas(timedelta(0), timedelta(days=1))
amounts = st.builds(Money, st.integers(1, RS_499.minor), st.just("INR"))
definite = st.one_of(
    st.builds(Approved, st.just("ref-1"), amounts),
    st.builds(Declined, st.sampled_from(DeclineCode)),
)
undecided = st.one_of(
    st.builds(Pending, waits, state=st.none() | st.just({"step": 1})),
    st.builds(ActionRequired, st.just("redirect"), st.just(NOW), resolve_after=waits),
    st.builds(Unknown, st.just("no answer")),
)
outcomes = definite | undecided


class Story(RuleBasedStateMachine):
    """One payment as storage sees it: every accepted change compared with the one before."""

    def __init__(self):
        super().__init__()
        self.at = NOW
        self.operation = operation()
        self.statuses = ["pending"]
        self.last = None
        change = opened()
        self.payment, self.events = change.after, list(change.events)

    @rule()
    def claim(self):
        """A worker says that the processor is about to be asked."""
        before = self.operation
        try:
            sent = before.mark_sent()
        except InvalidTransitionError:
            assert before.state != "reserved"
            return
        change = self.payment.process(at=self._later())
        self._take_operation(sent)
        self._take(change)

    @rule(outcome=outcomes, gives_up=st.booleans())
    def answer(self, outcome, gives_up):
        """The processor answered, in whatever order answers come."""
        at = self._later()
        wait = None if gives_up else WAIT
        try:
            settled = self.operation.settle(outcome, at=at, wait=wait)
            change = self.payment.apply(outcome, at=at)
        except InvalidTransitionError:
            return
        self._take_operation(settled)
        self._take(change)
        self.last = outcome

    @rule()
    def not_sent(self):
        """The processor never saw it."""
        try:
            after = self.operation.not_sent(at=self._later(), wait=WAIT, is_certain=True)
        except InvalidTransitionError:
            assert self.operation.state in {"reserved", "succeeded", "failed", "needs_review"}
            return
        self._take_operation(after)

    @precondition(lambda self: self.last is not None)
    @rule()
    def duplicate(self):
        """The same answer comes once more, by another way."""
        if self.payment.status == "pending":
            return
        before = self.payment
        change = before.apply(self.last, at=self._later())

        assert change.after is before
        assert change.events == ()

    @rule(outcome=outcomes)
    def late_answer(self, outcome):
        """A decided payment gets another outcome."""
        if not self.payment.is_decided:
            return
        before = self.payment
        try:
            change = before.apply(outcome, at=self._later())
        except InvalidTransitionError:
            return

        assert change.after is before
        assert change.events == ()

    @invariant()
    def its_events_are_numbered_without_gaps(self):
        assert [event.seq for event in self.events] == list(range(1, len(self.events) + 1))
        assert self.payment.last_seq == len(self.events)

    @invariant()
    def it_ends_once_and_says_so_once(self):
        endings = [event for event in self.events if event.type in ENDINGS]

        assert len(endings) == self.payment.is_decided
        assert sum(status in {"success", "failed"} for status in self.statuses) == len(endings)
        if endings:
            assert endings[0].type == f"payment.{self.payment.status}"
            assert endings[0] is self.events[-1]

    @invariant()
    def its_version_counts_its_statuses(self):
        assert self.payment.version == len(self.statuses)

    @invariant()
    def a_success_has_all_of_the_money_and_a_part_fails(self):
        captured = self.payment.amount_captured

        assert captured <= self.payment.amount == RS_499
        assert (captured == RS_499) == (self.payment.status == "success")
        if captured and captured < RS_499:
            assert self.payment.decline == PARTLY_APPROVED

    @invariant()
    def a_decided_operation_and_its_payment_agree(self):
        words = {"succeeded": "success", "failed": "failed"}
        decided = words.get(self.operation.state)

        assert (decided is not None) == self.payment.is_decided
        if decided:
            is_part = self.payment.decline == PARTLY_APPROVED
            assert decided == ("success" if is_part else self.payment.status)
            assert self.operation.sealed is None

    def _later(self):
        self.at += timedelta(seconds=1)
        return self.at

    def _take_operation(self, after):
        before = self.operation
        assert after.state in OPERATION_TRANSITIONS[before.state]
        assert (after.id, after.amount) == (before.id, before.amount)
        self.operation = after

    def _take(self, change):
        before, after = self.payment, change.after
        if after is before:
            assert change.events == ()
            return
        has_more_to_do = after.next_action != before.next_action
        assert after.status in NEXT[before.status] or has_more_to_do
        assert after.version == before.version + 1
        assert after.updated_at == self.at
        self.statuses.append(after.status)
        self.payment = after
        self.events.extend(change.events)


Story.TestCase.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
TestEveryStory = Story.TestCase
