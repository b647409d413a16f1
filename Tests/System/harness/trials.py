"""What the suites are made of: a bench with a server's folders, trials on it, and what must hold."""

import argparse
import os
import pathlib
import shutil
import tempfile
import time

from engine import Engine


def check(condition, message):
    """Ends the trial unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def until(holds, what="it did not come about", seconds=60):
    """Waits until `holds` gives something, and gives that. What is waited for may be a function, which is
    asked at the end of the time."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        check(time.monotonic() < end, f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)
    return found


class Bench:
    """Folders for a suite, and the containers that it makes: their names begin with the bench's."""

    def __init__(self, suite, binary, scratch):
        self.binary, self.scratch = os.path.abspath(binary), scratch
        # The engine may be somebody else's too.
        self.name = f"{suite}-{os.getpid()}"
        self.apps = scratch / "apps"
        (self.apps / "site").mkdir(parents=True)
        (self.apps / "site" / "index.html").write_text(f"<!doctype html><title>{suite}</title><p>{suite}\n")

    def remove_containers(self):
        ids = Engine.docker("ps", "-aq", "--filter", f"name={self.name}").split()
        if ids:
            Engine.docker("rm", "-f", "-v", *ids, check=False)

    def after(self):
        """What is done after each trial."""

    def clean(self):
        """What is done at the end."""
        self.remove_containers()


def parser(description, *trials):
    """The options that every suite has; its trials are named by their functions."""
    made = argparse.ArgumentParser(description=description,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("binary")
    made.add_argument("--only", action="append", choices=[trial.__name__ for trial in trials])
    return made


def run(suite, chosen, trials, make):
    """Makes a bench with `make`, which is given a folder, and does the trials on it; gives the exit status."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"slipway-{suite}."))
    failed, bench = 0, None
    try:
        bench = make(scratch)
        for trial in trials:
            if chosen.only and trial.__name__ not in chosen.only:
                continue
            began = time.monotonic()
            try:
                try:
                    trial(bench)
                finally:
                    bench.after()
                print(f"ok      {trial.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
            except Exception as error:
                failed += 1
                print(f"FAILED  {trial.__name__}: {type(error).__name__}: {error}", flush=True)
    finally:
        if bench:
            bench.clean()
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if failed else 0
