"""Several homes, users and strangers on one host: the port is shared or given way to, with no option set."""

import sys

from lanmsg.cli.exit_codes import DATA
from tests.lab.conftest import Figures
from tests.lab.host import Host, as_user
from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet, wait_until_ready
from tests.lab.program import Program
from tests.lab.test_presence import NEWCOMER_SECONDS

TAKE_TCP = """
import json, socket
taken = socket.create_server(("", 2372))
print(json.dumps({"type": "ready"}), flush=True)
while True:
    taken.accept()[0].close()
"""


def message_each_way(one: Listener, host: Host, other: Listener, name: str) -> None:
    """From a script on `host` to the node called `name`, with no word about ports."""
    host.lanmsg("msg", name, f"hello {name}")
    other.hears(f"hello {name}", within=1)
    one.expect_none("message", since=0, text=f"hello {name}")


def test_two_homes_on_one_host_need_no_option(lan: Lan, figures: Figures) -> None:
    anna, ben = lan.host("anna").listen(), lan.host("ben").listen()
    wait_until_ready(anna, ben)
    second = lan.hosts[1].listen(home="second", name="bea")
    figures.within(NEWCOMER_SECONDS, meet(anna, ben, second), "two homes on one host and another host meet")
    assert {anna.tcp_port, ben.tcp_port} == {2372}
    assert second.tcp_port != 2372

    message_each_way(second, lan.hosts[0], ben, "ben")
    message_each_way(ben, lan.hosts[0], second, "bea")
    message_each_way(ben, lan.hosts[1], second, "bea")


def test_a_second_user_needs_no_option(lan: Lan, figures: Figures) -> None:
    anna, ben = lan.host("anna").listen(), lan.host("ben").listen()
    wait_until_ready(anna, ben)
    second = lan.hosts[1].listen(name="bea", user="nobody")
    figures.within(NEWCOMER_SECONDS, meet(anna, ben, second), "two users on one host and another host meet")
    assert second.tcp_port != 2372

    message_each_way(second, lan.hosts[0], ben, "ben")
    message_each_way(ben, lan.hosts[0], second, "bea")


WITHOUT_RIGHTS = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
READ_ALL = """
for file in outside "$1" "$1"/* "$1"/.*; do cat "$file" >/dev/null 2>&1 && echo "read $file"; done
for name; do cat "home/$name" >/dev/null 2>&1 && echo "read $name"; done
true
"""


def test_a_second_user_reads_nothing_of_a_home_and_speaks_for_nobody(lan: Lan) -> None:
    """Not even one who may read every file: a home that is not one's own is not used."""
    anna, ben = lan.host("anna").listen(), lan.host("ben").listen()
    meet(anna, ben)
    lan.hosts[0].lanmsg("msg", "ben", "for ben alone")
    ben.hears("for ben alone", within=5)
    host = lan.hosts[1]
    home = host.folder / "home"
    files = [each.name for each in home.iterdir()]
    assert {"identity.der", "lanmsg.db"} <= set(files)
    (host.folder / "outside").write_text("open to all")
    host.folder.chmod(0o755)
    read = host.run(*WITHOUT_RIGHTS, "sh", "-c", READ_ALL, "sh", "home", *files).stdout
    assert read == "read outside\n"
    command = [sys.executable, "-m", "lanmsg", "--home", str(home), "msg", "anna", "I am ben"]
    refused = host.run(*as_user("nobody", command), check=False)
    assert refused.returncode == DATA, refused
    assert "belongs to another user" in refused.stderr
    anna.expect_none("message", since=0, text="I am ben")
    assert [line for line in host.run("ss", "-xlH").stdout.splitlines() if str(home) in line] == []


def test_the_first_home_keeps_its_port_when_the_second_leaves(lan: Lan) -> None:
    anna, ben = lan.host("anna").listen(), lan.host("ben").listen()
    wait_until_ready(anna, ben)
    second = lan.hosts[1].listen(home="second", name="bea")
    meet(anna, ben, second)
    left_at = second.terminate()
    anna.loses(second, within=2, since=left_at)
    message_each_way(anna, lan.hosts[0], ben, "ben")


def test_a_stranger_on_tcp_2372_is_given_way_to(lan: Lan, figures: Figures) -> None:
    host = lan.host("ben")
    stranger: Program = host.spawn("python3", "-c", TAKE_TCP)
    stranger.wait_for("ready", within=5)
    anna, ben = lan.host("anna").listen(), host.listen()
    figures.within(NEWCOMER_SECONDS, meet(anna, ben), "found although a stranger has TCP 2372")
    assert ben.tcp_port != 2372
    message_each_way(anna, lan.hosts[1], ben, "ben")
