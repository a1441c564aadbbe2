"""Hosts whose firewall lets in nothing but answers, and hosts that have no IPv4: nobody has to be named."""

import json

from tests.lab.conftest import Figures
from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.listener import Listener, wait_until_ready
from tests.lab.test_firewalls import listen, talk_both_ways
from tests.lab.test_presence import LEAVE_SECONDS

FOUND_SECONDS = 20.0
"""Announcements and questions come every 5 s; the rest is for a slow machine."""


def names_listed(host: Host, *, home: str = "home", wait: str = "0") -> list[str]:
    """Each as often as it is listed."""
    peers = json.loads(host.lanmsg("peers", "--json", "--wait", wait, home=home).stdout)["peers"]
    return sorted(each["name"] for each in peers if each["present"])


def closed(lan: Lan, name: str) -> Host:
    host = lan.host(name)
    host.firewall()
    return host


def found(newcomer: Listener, others: list[Listener], figures: Figures, what: str) -> None:
    """The newcomer and each of the others see each other; as long after it was ready as promised."""
    since = max(each.ready.at for each in [newcomer, *others])
    pairs = [(newcomer, each) for each in others] + [(each, newcomer) for each in others]
    seen = [one.sees(other, within=FOUND_SECONDS) for one, other in pairs]
    figures.within(FOUND_SECONDS, max(max(seen) - since, 0), what)


def test_who_lets_nothing_in_finds_others_is_found_and_is_talked_to(lan: Lan, figures: Figures) -> None:
    early, shut, late = lan.host("anna"), closed(lan, "ben"), lan.host("cara")
    anna = listen(early)
    wait_until_ready(anna)
    assert names_listed(shut, wait="3") == ["anna"]
    ben = listen(shut)
    found(ben, [anna], figures, "a host that lets nothing in came later, and nobody was named")
    cara = listen(late)
    found(cara, [ben], figures, "a host that lets nothing in was there first")
    talk_both_ways(late, shut, (cara, ben))
    left_at = anna.terminate()
    gone = ben.loses(anna, within=LEAVE_SECONDS, since=left_at) - left_at
    figures.within(LEAVE_SECONDS, gone, "who leaves says so to one that lets nothing in")
    left_at = ben.terminate()
    gone = cara.loses(ben, within=LEAVE_SECONDS, since=left_at) - left_at
    figures.within(LEAVE_SECONDS, gone, "one that lets nothing in says that it leaves")


def test_who_has_no_ipv4_is_there_for_those_who_have_both_and_the_reverse(lan: Lan, figures: Figures) -> None:
    early, modern, late = lan.host("anna"), lan.host("ben", ipv4=False), lan.host("cara")
    anna, ben = listen(early), listen(modern)
    found(ben, [anna], figures, "a host without IPv4 came later")
    cara = listen(late)
    found(cara, [anna, ben], figures, "a host without IPv4 was there first")
    talk_both_ways(late, modern, (cara, ben))
    for host in (early, modern, late):
        assert names_listed(host) == sorted({"anna", "ben", "cara"} - {host.name})
        assert names_listed(host, home="another", wait="2") == ["anna", "ben", "cara"]
    left_at = anna.terminate()
    gone = ben.loses(anna, within=LEAVE_SECONDS, since=left_at) - left_at
    figures.within(LEAVE_SECONDS, gone, "who leaves says so to one without IPv4")
