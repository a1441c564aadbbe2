"""Going about: opening, stepping, scrolling, what is read from the store for it, and Esc."""

from msgspec.structs import replace

from lanmsg.api import EVERYONE, MessageAdded, TransferState
from lanmsg.tui import moves
from lanmsg.tui.moves import Want
from lanmsg.tui.state import Asking, Menu, Page, Query
from lanmsg.tui.update import loaded, update
from tests.tui.double import Double, person
from tests.tui.given import ANNA, BEN, open_talk, picture, state_of


def crowd(messages: int = 0) -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"), person("carla"))
    for number in range(messages):
        node.hear("ben", f"message {number + 1}")
    return node


def test_stepping_goes_round_the_list() -> None:
    state = state_of(crowd())
    opened = []
    for _ in range(5):
        moves.step(state, 1)
        opened.append(state.title(state.open) if state.open else "")
    assert opened == ["anna", "ben", "carla", "everyone", "anna"]
    moves.step(state, -1)
    assert state.open == EVERYONE


def test_next_unread_is_the_next_in_the_list() -> None:
    node = crowd(2)
    state = state_of(node)
    assert moves.next_unread(state)
    assert state.open == BEN
    assert not moves.next_unread(state)


def test_closing_goes_back_to_where_one_was() -> None:
    node = crowd(2)
    state = state_of(node)
    open_talk(state, node, ANNA)
    open_talk(state, node, BEN)
    moves.close_conversation(state, BEN)
    assert state.open == ANNA
    moves.close_conversation(state, ANNA)
    moves.close_conversation(state, BEN)
    assert "ben" not in picture(state).split("\n")[0]


def test_a_number_opens_its_conversation() -> None:
    state = state_of(crowd())
    picture(state)
    moves.open_slot(state, 2)
    assert state.open == BEN
    moves.open_slot(state, 8)
    assert state.open == BEN
    moves.open_slot(state, 9)
    assert state.open == EVERYONE


def test_scrolling_up_reaches_the_beginning_and_asks_for_more() -> None:
    node = crowd(40)
    state = state_of(node)
    open_talk(state, node)
    picture(state)
    assert "message 40" in picture(state)
    assert moves.scroll(state, 10) is None
    assert "message 40" not in picture(state)
    state.talk(BEN).older = True
    assert moves.scroll(state, 100) == Want(BEN, "older", 1)
    assert "message 1\n" in picture(state)
    assert moves.scroll(state, -1000) is None
    assert "message 40" in picture(state)
    assert state.talk(BEN).anchor is None


def test_what_is_in_sight_stays_when_news_or_older_ones_come() -> None:
    node = crowd(60)
    state = state_of(node)
    moves.open_conversation(state, BEN)
    talk = state.talk(BEN)
    loaded(state, talk, node.said[20:], older=True, newer=False)
    picture(state)
    moves.scroll(state, 15)
    rows = [row for row in picture(state).split("\n") if "message" in row]
    loaded(state, talk, node.said, older=False, newer=False)
    talk.add(node.hear("ben", "fresh"))
    assert [row for row in picture(state).split("\n") if "message" in row] == rows


def test_the_first_unread_comes_to_the_top() -> None:
    node = crowd(60)
    state = state_of(node)
    open_talk(state, node)
    state.talk(BEN).line = 10
    picture(state)
    assert moves.first_unread(state) is None
    shown = [row for row in picture(state).split("\n") if "message" in row]
    assert shown[1].endswith("message 10")


def test_a_message_out_of_the_window_is_read_first() -> None:
    node = crowd(3)
    state = state_of(node)
    open_talk(state, node)
    assert moves.show_message(state, state.talk(BEN), 99) == Want(BEN, "around", 99)


def test_the_newest_is_read_anew_when_the_window_ends_before_it() -> None:
    node = crowd(3)
    state = state_of(node)
    open_talk(state, node)
    assert moves.newest(state) is None
    state.talk(BEN).newer = True
    assert moves.newest(state) == Want(BEN, "newest")


def test_esc_closes_one_thing_at_a_time() -> None:
    node = crowd(3)
    state = state_of(node)
    open_talk(state, node)
    moves.reply_to_earlier(state)
    state.copying = True
    state.asking = Asking("quit", "?", ())
    moves.show_page(state, Page("help"))
    state.menu = Menu([])
    moves.start_query(state, "switch", "to:")
    closed = []
    while moves.leave(state):
        closed.append((state.query, state.page, state.asking, state.copying))
    assert len(closed) == 5
    assert state.open == BEN


def test_answering_goes_one_message_back_each_time() -> None:
    node = crowd(2)
    state = state_of(node)
    open_talk(state, node)
    numbers = []
    for _ in range(3):
        moves.reply_to_earlier(state)
        reply = state.talk(BEN).reply_to
        numbers.append(reply.number if reply else 0)
    assert numbers == [2, 1, 1]


def test_the_switcher_prefers_beginnings_and_takes_letters_in_order() -> None:
    state = state_of(crowd())
    picture(state)
    assert [state.title(each) for each in moves.matching(state, "a")] == ["anna", "carla"]
    assert [state.title(each) for each in moves.matching(state, "bn")] == ["ben"]
    assert [state.title(each) for each in moves.matching(state, "")] == ["anna", "ben", "carla", "everyone"]
    assert moves.matching(state, "zz") == []


def test_conversations_left_long_ago_are_not_kept_in_memory() -> None:
    node = Double()
    people = [person(f"p{number:02}") for number in range(20)]
    node.meet(*people)
    for number in range(20):
        node.hear(f"p{number:02}", "hello", at=1000.0 + number)
    state = state_of(node)
    for message in list(node.said):
        open_talk(state, node, message.conversation)
    assert sum(talk.loaded for talk in state.talks.values()) <= moves.KEPT_TALKS + 1


def test_the_question_asked_is_the_oldest_or_the_row_chosen() -> None:
    node = crowd()
    node.offered("ben", "a.txt", 1)
    node.offered("anna", "b.txt", 1)
    node.offered("carla", "c.txt", 1, state=TransferState.RUNNING)
    state = state_of(node)
    asked = moves.asked(state)
    assert asked is not None
    assert asked.number == 1
    state.page = Page("transfers", chosen=1)
    chosen = moves.asked(state)
    assert chosen is not None
    assert chosen.number == 2


def test_next_unread_is_the_topmost_of_the_list_that_was_shown() -> None:
    node = crowd(1)
    state = state_of(node)
    node.hear("carla", "hello")
    update(state, MessageAdded(node.said[-1]))
    picture(state)
    shown = [state.title(conversation) for conversation in state.order]
    assert shown[:2] == ["ben", "carla"]
    node.hear("anna", "me too")
    update(state, MessageAdded(node.said[-1]))
    assert moves.next_unread(state)
    assert state.open == BEN
    picture(state)
    assert [state.title(conversation) for conversation in state.order] == shown
    assert moves.next_unread(state)
    assert state.title(state.open) == "carla"
    assert moves.next_unread(state)
    assert state.open == ANNA


def test_the_dead_time_begins_when_another_thing_is_asked() -> None:
    node = crowd(2)
    state = state_of(node)
    first, second = node.offered("ben", "a", 1), node.offered("anna", "b", 1)

    def since() -> float:
        state.tick += 10
        moves.settle_question(state)
        return state.tick - state.question_since

    state.put_transfer(first)
    assert since() == 0
    state.put_transfer(second)  # behind the first
    assert since() == 10
    state.page = Page("transfers", number=second.number)
    assert since() == 0
    state.put_transfer(replace(first, state=TransferState.ACCEPTED))
    assert since() == 10
    moves.ask(state, Asking("delete", "delete it?", ()))
    assert since() == 0
    moves.ask(state, Asking("delete", "delete it?", ()))
    assert since() == 0  # once more is not the same time
    state.asking = None
    assert since() == 0
    state.put_transfer(replace(second, state=TransferState.ACCEPTED))
    assert (since(), state.question_gone) == (0, state.tick)


def test_a_row_stays_chosen_while_others_come_and_go() -> None:
    node = crowd(2)
    state = state_of(node)
    state.page = Page("transfers")
    assert moves.chosen_transfer(state) == 0
    state.put_transfer(node.offered("ben", "a", 1))
    assert moves.chosen_transfer(state) == 1
    state.put_transfer(node.offered("ben", "b", 1))
    assert (moves.chosen_transfer(state), state.page.chosen) == (1, 1)
    moves.choose(state, state.page, -5)
    assert moves.chosen_transfer(state) == 2
    state.page = Page("help")
    assert moves.chosen_transfer(state) == 0


def test_who_is_chosen_in_the_switcher_stays_so_while_the_list_changes() -> None:
    node = crowd()
    state = state_of(node)
    picture(state)
    query = state.query = Query("switch", "switch to:")
    assert moves.choose_talk(state, query, 1)[query.chosen] == query.conversation == BEN
    update(state, MessageAdded(node.hear("carla", "hello")))
    picture(state)
    assert (query.chosen, query.conversation) == (2, BEN)
    moves.choose_talk(state, query, -1)
    assert query.conversation == ANNA
    query.text, query.conversation = "nobody", None
    assert (moves.choose_talk(state, query), query.conversation) == ([], None)
