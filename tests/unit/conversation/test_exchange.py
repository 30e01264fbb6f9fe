from trunkline.calls.talk import CallerSaid
from trunkline.conversation.exchange import Exchange
from trunkline.conversation.memory import Memory


def exchange() -> tuple[Exchange, list[CallerSaid]]:
    told: list[CallerSaid] = []
    return Exchange(Memory([]), told.append), told


def test_a_turn_is_told_when_it_stands():
    one, told = exchange()
    one.asked("what")
    one.asked("what now")
    assert (one.turn, told) == (1, [])
    one.close()
    one.asked("bye")
    one.close()
    assert told == [CallerSaid("what now", 1), CallerSaid("bye", 2)]


def test_what_was_told_early_is_not_told_again_unless_it_has_grown():
    one, told = exchange()
    one.asked("what")
    one.stand()
    one.asked("what")
    one.stand()
    one.asked("what now")
    one.close()
    assert told == [CallerSaid("what", 1), CallerSaid("what now", 1)]


def test_the_last_words_of_a_line_that_is_gone_are_told():
    one, told = exchange()
    one.asked("what")
    one.unanswered("what now")
    one.unanswered("bye")
    one.unanswered("")
    assert told == [CallerSaid("what now", 1), CallerSaid("bye", 2)]


def test_a_request_without_the_caller_s_words_is_a_turn_with_nothing_to_tell():
    one, told = exchange()
    one.asked("")
    one.close()
    assert (one.turn, told) == (1, [])
