"""The people and talks that pictures and tests look at."""

from typing import Any

from lanmsg.api import Direction, Interface, Status, TransferState, Trust
from tests.tui.double import NOON, Double, person

YESTERDAY = NOON - 58_000.0
MORNING = NOON - 2_900.0

EARLIER = (
    "did the new shelves arrive?",
    "two of them. the third is on its way",
    "I put them next to the window for now",
    "good. who takes the old ones?",
    "dmitri wants one for his plants",
    "the other is still free",
    "I could use it for the tape archive",
    "then it is yours. I need help to carry it though",
    "it does not fit into the lift",
    "after lunch?",
    "fine. bring gloves",
    "and a screwdriver",
    "did you see the mail about Thursday?",
    "yes, at ten, in the small room",
    "the small one has no screen",
    "then we print the slides",
    "if the printer is back by then",
    "it is with the man from the second floor",
    "since Monday!",
    "I will ask him tomorrow morning",
    "thanks. and the heating?",
    "works again, they changed the valve",
)


def office() -> Double:
    """Ben has written, Carla is away, Dmitri is gone, a file comes and another goes."""
    node = Double()
    node.meet(
        person("anna", host="192.168.1.21"),
        person("ben", trust=Trust.VERIFIED),
        person("carla", status=Status.AWAY, host="192.168.1.24"),
        person("dmitri", present=False, last_seen=NOON - 3_500.0, host="192.168.1.25"),
    )
    for number, text in enumerate(EARLIER):
        when = YESTERDAY - 4000 + number * 130
        if number % 3:
            node.hear("ben", text, at=when)
        else:
            node.tell("ben", text, at=when)
    node.hear("ben", "see you tomorrow", at=YESTERDAY)
    node.tell("ben", "morning! is the printer back?", at=MORNING)
    node.hear(
        "ben",
        "it is. paper is in the cupboard next to the kitchen, second shelf, and please tell carla "
        "that the forms have to be out before noon",
        at=MORNING + 60,
    )
    node.tell("ben", "thanks, sending her the scan now", at=MORNING + 70)
    node.offered(
        "ben", "forms.pdf", 1_200_000, direction=Direction.OUT, state=TransferState.DONE,
        created_at=MORNING + 90, updated_at=MORNING + 100, done=1_200_000,
    )  # fmt: skip
    read = len(node.said)
    node.hear("ben", "one more thing: the video from Tuesday", at=MORNING + 480)
    node.hear("ben", "you wanted to see it before the meeting", at=MORNING + 485)
    node.hear("carla", "are the forms ready?", at=MORNING + 200)
    for number in range(5):
        node.hear("anna", f"lunch at one? ({number + 1})", at=MORNING + 300 + number, everyone=True)
    for conversation in {message.conversation for message in node.said}:
        node.read_up_to[conversation] = read
    return node


def busy(screen_node: Double) -> Double:
    """Files on their way, and questions."""
    node = screen_node
    node.offered(
        "anna", "backup.tar", 8_000_000_000, number=7, direction=Direction.OUT, state=TransferState.RUNNING,
        done=4_100_000_000, created_at=MORNING + 400,
    )  # fmt: skip
    node.offered("ben", "holiday-video.mkv", 1_400_000_000, number=9, created_at=MORNING + 482)
    node.offered("carla", "invoice.pdf.exe", 90_000, number=10, created_at=MORNING + 490)
    return node


def alone() -> Double:
    return Double(
        name="mira@laptop",
        interfaces=(
            Interface("wlan0", "192.168.1.20", 24, sent=14),
            Interface("tun0", "10.8.0.2", 24, skipped="VPN"),
        ),
    )


def changed_key(**more: Any) -> Double:
    node = office()
    node.meet(
        person("ben", trust=Trust.VERIFIED, present=False, last_seen=MORNING),
        person("ben", trust=Trust.CHANGED, key="another ben", host="192.168.1.77", **more),
    )
    return node
