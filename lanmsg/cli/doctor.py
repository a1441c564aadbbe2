"""doctor: why nobody shows up, and what to do about it."""

from lanmsg.api import Diagnosis, Finding, diagnose
from lanmsg.cli.glyph_card import glyph_card
from lanmsg.cli.output import BOLD, GREEN, RED, YELLOW, Output, Result
from lanmsg.cli.parser import Invocation
from lanmsg.model import Severity

SIGNS = {
    Severity.PROBLEM: ("!!", (RED, BOLD)),
    Severity.WARNING: (" !", (YELLOW,)),
    Severity.SUSPICION: (" ?", (YELLOW,)),
    Severity.NOTE: (" -", ()),
    Severity.OK: ("ok", (GREEN,)),
}
"""What each line begins with: a sign and not the colour alone tells how bad it is."""


def doctor(invocation: Invocation) -> Result:
    options, output = invocation.options, invocation.output
    if options.glyphs:
        for line in glyph_card():
            output.line(line)
        return Result()
    from lanmsg.cli.running import run_async  # asyncio

    async def look() -> Diagnosis:
        return await diagnose(invocation.settings, wait=options.wait, peer=options.peer or "")

    found = run_async(look)
    show(found, output)
    return Result(found.code)


def show(diagnosis: Diagnosis, output: Output) -> None:
    if output.json:
        output.document(checks=[fields(each) for each in diagnosis.findings], ok=diagnosis.ok)
        return
    for finding in diagnosis.findings:
        if not (output.quiet and finding.ok):
            for line in lines(finding, output):
                output.line(line)
    if not output.quiet:
        output.line(summary(diagnosis))


def fields(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "ok": finding.ok,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        "commands": list(finding.commands),
    }


def lines(finding: Finding, output: Output) -> list[str]:
    sign, colours = SIGNS[finding.severity]
    shown = [f"{output.paint(sign, *colours)}  {finding.message}"]
    if finding.hint:
        shown.append(f"      do: {finding.hint}")
    return [*shown, *(f"          {command}" for command in finding.commands)]


def summary(diagnosis: Diagnosis) -> str:
    wrong = [each for each in diagnosis.findings if not each.ok]
    if not wrong:
        return "All is well."
    return f"The likeliest cause is at the top ({', '.join(dict.fromkeys(each.code for each in wrong))})."
