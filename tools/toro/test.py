"""`toro test`: every test, and one line that counts the test cases."""

import os
import xml.etree.ElementTree

import bazel
import options as option_parser
from apps import app_names
from console import say
from errors import usage_error


def test_command(words):
    fast = words == ["--fast"]
    if words and not fast:
        option_parser.split_options(words, [])
        raise usage_error("unexpected: %s" % " ".join(words), "./toro test [--fast]")
    flags = ["--keep_going"] + (["--test_tag_filters=-slow"] if fast else [])
    outcome = bazel.invoke("test", targets(app_names()), "building and testing", flags)
    passed, failed = count(outcome.events)
    if outcome.status != 0:
        for line in outcome.output.splitlines():
            say("| " + line)
        failed = max(failed, 1)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if failed == 0 else 1


def targets(apps):
    """//... and each image by name: Bazel skips a target that it finds incompatible, unless it is named."""
    return ["//..."] + ["//apps/%s:iso" % app for app in apps]


def count(events):
    """(passed, failed) test cases of the build events. What did not build counts as one failed case, once."""
    passed = failed = 0
    unbuilt = set()
    for event in events:
        if "testResult" in event["id"]:
            good, bad = _count_result(event["testResult"])
            passed += good
            failed += bad
        elif "targetCompleted" in event["id"] and not _completed_or_skipped(event):
            unbuilt.add(event["id"]["targetCompleted"]["label"])
    return passed, failed + len(unbuilt)


def _completed_or_skipped(event):
    """Skipped is what //... includes and this world cannot build: the parts of the bare machine. Images are named."""
    return event.get("completed", {}).get("success") or event.get("aborted", {}).get("reason") == "SKIPPED"


def _count_result(result):
    cases, bad = 0, 0
    for output in result.get("testActionOutput", []):
        if output.get("name") == "test.xml":
            cases, bad = count_cases(output.get("uri", "")[len("file://"):])
    if result.get("status") == "PASSED":
        return (cases, 0) if cases else (1, 0)
    bad = max(bad, 1)
    return max(cases - bad, 0), bad


def count_cases(path):
    """(cases, of them failed) of a JUnit file; skipped cases do not count."""
    if not os.path.isfile(path):
        return 0, 0
    try:
        tree = xml.etree.ElementTree.parse(path)
    except xml.etree.ElementTree.ParseError:
        return 0, 0
    cases = bad = 0
    for case in tree.iter("testcase"):
        if case.get("status") == "notrun" or case.get("result") == "skipped" or case.find("skipped") is not None:
            continue
        cases += 1
        bad += case.find("failure") is not None or case.find("error") is not None
    return cases, bad
