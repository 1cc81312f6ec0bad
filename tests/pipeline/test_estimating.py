"""Works that ask: each gets its own answer, and a question that is wrong stops only the work that asked it."""

import numpy as np
import pytest

from cxmon.pipeline.estimating import begun, each_step, effect_of, one_by_one, settled, side_by_side
from cxmon.stats.together import Question

Y = np.random.default_rng(1).normal(50, 1, 80)


def moved(by, times=1):
    """Work that asks about series that rose by so much, and then by twice as much."""
    found = []
    for k in range(1, times + 1):
        values = Y.copy()
        values[60:] += by * k
        answer = yield from effect_of(values, 60, {})
        found.append(answer.estimate)
    return found


def careful(options):
    try:
        answer = yield from effect_of(Y, 60, options)
    except ValueError as error:
        return str(error)
    return answer.reason


def test_each_work_gets_its_own_answers_however_many_it_asks():
    works = [moved(0.0), moved(5.0, times=3), settled(["nothing asked"]), moved(9.0, times=2)]
    found = side_by_side(works)
    alone = [one_by_one(work) for work in (moved(0.0), moved(5.0, times=3), moved(9.0, times=2))]
    assert found[2] == ["nothing asked"]
    for one, other in zip([found[0], found[1], found[3]], alone, strict=True):
        assert one == pytest.approx(other, rel=1e-8)


def test_a_wrong_question_is_raised_where_it_was_asked_and_the_others_are_answered():
    wrong, right = side_by_side([careful({"kind": "none"}), careful({})])
    assert wrong.startswith("kind is 'none'")
    assert right == ""


def test_what_a_work_raises_itself_ends_all():
    with pytest.raises(ValueError, match="kind"):
        one_by_one(careless())


def careless():
    yield from effect_of(Y, 60, {"kind": "none"})


def test_work_that_has_begun_read_its_first_question_then_and_goes_on_as_any_other():
    figures = [5.0]

    def reading():
        found = yield from moved(figures[0], times=2)
        return found, figures[0]

    before = begun(reading())
    figures[0] = 9.0
    [(found, now)] = side_by_side([before])
    assert found == pytest.approx(one_by_one(moved(5.0, times=2)), rel=1e-8)
    assert now == 9.0
    assert one_by_one(begun(settled("nothing asked"))) == "nothing asked"


def test_a_wrong_question_of_work_that_has_begun_is_raised_where_it_was_asked():
    assert one_by_one(begun(careful({"kind": "none"}))).startswith("kind is 'none'")
    with pytest.raises(ValueError, match="kind"):
        one_by_one(begun(careless()))


def both(options):
    """Work that has two questions at once."""
    risen = np.where(np.arange(80) >= 60, Y + 5, Y)
    try:
        answers = yield [Question(risen, 60, {"drawn": False}), Question(Y, 60, {"drawn": False, **options})]
    except ValueError as error:
        return str(error)
    return [answer.estimate for answer in answers]


def nothing():
    return (yield [])


def test_work_may_have_several_questions_at_once_and_gets_their_answers_in_order():
    (risen, plain), none, (one,) = side_by_side([both({}), nothing(), moved(5.0)])
    assert risen == pytest.approx(one, rel=1e-8)
    assert abs(plain) < 2 < risen
    assert none == []


def test_one_wrong_question_of_several_stops_its_work_alone():
    wrong, (risen, _), none = side_by_side([both({"kind": "none"}), both({}), nothing()])
    assert wrong.startswith("kind is 'none'")
    assert risen > 2
    assert none == []


def test_something_is_done_before_each_step_and_errors_come_where_they_are_asked_for():
    done = []

    def work():
        done.append("begun")
        try:
            yield ["wrong"]
        except ValueError as error:
            done.append(str(error))
        answer = yield ["right"]
        done.append(answer)
        return "found"

    asked = each_step(work(), lambda: done.append("before"))
    assert next(asked) == ["wrong"]
    assert asked.throw(ValueError("no")) == ["right"]
    with pytest.raises(StopIteration) as end:
        asked.send("answer")
    assert (end.value.value, done) == ("found", ["before", "begun", "before", "no", "before", "answer"])
    assert one_by_one(each_step(settled("at once"), lambda: None)) == "at once"
