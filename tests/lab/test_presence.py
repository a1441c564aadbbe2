"""Who comes, goes, crashes, moves or is cut off is noticed by everybody, in the time that was promised."""

from tests.lab.conftest import Figures
from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet

NEWCOMER_SECONDS = 1.0
LEAVE_SECONDS = 2.0
CRASH_SECONDS = 15.0
CUT_SECONDS = 18.0
"""A lifetime, three seconds for the session to answer, and the questions after it."""
BACK_SECONDS = 7.0
"""After a link came back: the interfaces are read again, or the next announcement comes (5 s and jitter)."""


def start(lan: Lan, *names: str) -> list[Listener]:
    """A host and its listener for each name, all met."""
    listeners = [lan.host(name).listen() for name in names]
    meet(*listeners)
    return listeners


def test_three_hosts_that_start_together_see_each_other(lan: Lan, figures: Figures) -> None:
    listeners = [lan.host(name).listen() for name in ("anna", "ben", "cara")]
    figures.within(NEWCOMER_SECONDS, meet(*listeners), "three hosts started together see each other")


def test_a_late_joiner_sees_and_is_seen(lan: Lan, figures: Figures) -> None:
    anna, ben = start(lan, "anna", "ben")
    cara = lan.host("cara").listen()
    figures.within(NEWCOMER_SECONDS, meet(anna, ben, cara), "a late joiner and the others see each other")


def test_who_quits_disappears(lan: Lan, figures: Figures) -> None:
    anna, ben, cara = start(lan, "anna", "ben", "cara")
    left_at = ben.terminate()
    gone = max(one.loses(ben, within=LEAVE_SECONDS, since=left_at) for one in (anna, cara))
    figures.within(LEAVE_SECONDS, gone - left_at, "a clean quit is noticed")
    ben.wait()
    anna.expect_none("peer_gone", since=0, peer=cara.id)


def test_who_vanishes_without_a_word_is_noticed_on_both_sides(lan: Lan, figures: Figures) -> None:
    """Killed, unplugged, or cut off behind a link that looks well; all at once, for each takes its 15 s."""
    anna, ben, cara, dora = start(lan, "anna", "ben", "cara", "dora")
    unplugged, cut_off = lan.hosts[2], lan.hosts[3]
    vanished = [(ben, ben.kill(), "kill -9"), (cara, unplugged.link_down(), "a link that went down")]
    vanished.append((dora, lan.cut(cut_off), "a partition"))
    for one, at, how in vanished:
        gone = [anna.loses(one, within=CRASH_SECONDS, since=at)]
        if one.running:
            gone.append(one.loses(anna, within=CRASH_SECONDS, since=at))
        figures.within(CRASH_SECONDS, max(gone) - at, f"{how} is noticed on both sides")

    returned = [
        (cara, unplugged.link_up(), "a link that came up"),
        (dora, lan.mend(cut_off), "the end of a partition"),
    ]
    for one, at, how in returned:
        back = max(
            anna.sees(one, within=BACK_SECONDS, since=at), one.sees(anna, within=BACK_SECONDS, since=at)
        )
        figures.within(BACK_SECONDS, back - at, f"{how} is noticed on both sides")


def test_who_was_killed_and_starts_again_at_once_is_reached_again(lan: Lan) -> None:
    """Same key, new instance, same address: the old presence must not stand in the way of the new one."""
    anna, ben = start(lan, "anna", "ben")
    ben.kill()
    ben.wait()
    again = lan.hosts[1].listen()
    again.sees(anna, within=NEWCOMER_SECONDS)
    lan.hosts[0].lanmsg("msg", "ben", "are you well?")
    again.hears("are you well?", within=2)


def test_who_gets_another_address_stays_and_is_reached_there(lan: Lan) -> None:
    anna, ben = start(lan, "anna", "ben")
    moved_at = lan.hosts[1].change_address("10.77.0.99")
    lan.hosts[0].lanmsg("msg", "--timeout", "15", "ben", "still there?")
    ben.hears("still there?", within=1, since=moved_at)
    lan.hosts[1].lanmsg("msg", "--timeout", "15", "anna", "here I am")
    anna.hears("here I am", within=1, since=moved_at)


def test_a_wire_that_loses_a_third_of_all_packets_only_takes_longer(lan: Lan, figures: Figures) -> None:
    hosts = [lan.host(name) for name in ("anna", "ben", "cara")]
    for host in hosts:
        host.lose(30)
    listeners = [host.listen() for host in hosts]
    figures.within(CRASH_SECONDS, meet(*listeners, within=CRASH_SECONDS), "found at 30 % loss")


def test_an_open_session_does_not_hide_that_a_peer_was_cut_off(lan: Lan, figures: Figures) -> None:
    anna, ben = start(lan, "anna", "ben")
    lan.hosts[0].lanmsg("msg", "ben", "first")
    left_at = ben.terminate()
    anna.loses(ben, within=LEAVE_SECONDS, since=left_at)
    ben.wait()
    lan.hosts[0].lanmsg("msg", "--queue", "--wait", "0", "ben", "opens a session between the listeners")
    again = lan.hosts[1].listen()
    again.hears("opens a session between the listeners", within=5)
    at = lan.cut(lan.hosts[1])
    gone = max(
        anna.loses(again, within=CUT_SECONDS, since=at), again.loses(anna, within=CUT_SECONDS, since=at)
    )
    figures.within(CUT_SECONDS, gone - at, "a partition with an open session is noticed on both sides")
