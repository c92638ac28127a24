"""Faulty adapters by the hundred, as rows of a table that generates them.

An adapter is right but for one thing that it does at one moment. A row says what that
is and what must come of it; the moments multiply the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

HEAD = '''\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# ///
"""Does one thing wrong, once or again and again."""
import atexit, ctypes, gc, os, resource, shutil, signal, subprocess, sys
import threading, time

import numpy as np

CALLS = 0


def masked_sum(x, mask):
    global CALLS
    CALLS += 1
    if {when} and once():
        misbehave()
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, 0).sum(axis=1).astype(x.dtype)


def once():
    try:
        os.close(os.open(__file__ + ".done", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


'''

ONCE = {"first": "CALLS == 1", "later": "CALLS == 30", "much later": "CALLS == 55"}
"""When it does it: in which call of a process, once in a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A kind of fault.

    Attributes:
        name: What it is.
        body: What `misbehave` does, or the module where it is at import.
        verdict: What may become of the check in which it happens: ``errored``,
            ``passed``, or ``any`` where that is for the machine to say.
        says: What an errored check's message has in it.
        status: The exit status at import.
    """

    name: str
    body: str
    verdict: str = "errored"
    says: str = ""
    status: int = 3


def text(fault: Fault, when: str) -> str:
    """Return an adapter that does it when it is called."""
    return HEAD.format(when=when) + "def misbehave():\n" + indent(fault.body, "    ")


def text_at_import(fault: Fault) -> str:
    """Return an adapter that does it when it is imported."""
    return HEAD.format(when="False") + fault.body


CALLED = [
    Fault(name="exit 0", body="os._exit(0)\n", says="exit status 0"),
    Fault(name="exit 1", body="os._exit(1)\n", says="exit status 1"),
    Fault(name="exit 2", body="os._exit(2)\n", says="exit status 2"),
    Fault(name="exit 4", body="os._exit(4)\n", says="exit status 4"),
    Fault(name="exit 5", body="os._exit(5)\n", says="exit status 5"),
    Fault(name="exit 74", body="os._exit(74)\n", says="exit status 74"),
    Fault(
        name="exit 74, a lie",
        body="print('results file x', flush=True)\nos._exit(74)\n",
        says="exit status 74",
    ),
    Fault(
        name="exit 4, a lie",
        body="print('ERROR: unknown level', flush=True)\nos._exit(4)\n",
        says="exit status 4",
    ),
    Fault(name="sys.exit", body="sys.exit(0)\n", says="SystemExit"),
    Fault(name="interrupt", body="raise KeyboardInterrupt\n", verdict="any"),
    Fault(name="interrupts itself", body="os.kill(os.getpid(), 2)\n", verdict="any"),
    Fault(name="SIGTERM", body="os.kill(os.getpid(), 15)\n", says="SIGTERM"),
    Fault(name="SIGKILL", body="os.kill(os.getpid(), 9)\n", says="SIGKILL"),
    Fault(
        name="SIGHUP",  # which who runs the tests with nohup ignores
        body="signal.signal(1, signal.SIG_DFL)\nos.kill(os.getpid(), 1)\n",
        says="SIGHUP",
    ),
    Fault(name="SIGPIPE", body="signal.raise_signal(13)\n", verdict="any"),
    Fault(name="segfault", body="ctypes.string_at(0)\n", says="SIGSEGV"),
    Fault(name="abort", body="os.abort()\n", says="SIGABRT"),
    Fault(name="generator exit", body="raise GeneratorExit\n", says="GeneratorExit"),
    Fault(name="recursion", body="misbehave()\n", says="RecursionError"),
    Fault(
        name="our unsupported",
        body=(
            "from conformance.errors import NotJudgedError\n"
            "raise NotJudgedError('skip me')\n"
        ),
        says="NotJudgedError",
    ),
    Fault(
        name="our nothing captured",
        body=(
            "from conformance.errors import NothingCapturedError\n"
            "raise NothingCapturedError('skip me')\n"
        ),
        says="NothingCapturedError",
    ),
    Fault(
        name="our usage error",
        body="from conformance.errors import UsageError\nraise UsageError('no')\n",
        says="UsageError",
    ),
    Fault(
        name="our incomplete run",
        body=(
            "from conformance.errors import IncompleteRunError\n"
            "raise IncompleteRunError('no')\n"
        ),
        says="IncompleteRunError",
    ),
    Fault(
        name="pytest skip", body="import pytest\npytest.skip('no')\n", says="Skipped"
    ),
    Fault(
        name="pytest exit", body="import pytest\npytest.exit('no', 0)\n", says="Exit"
    ),
    Fault(
        name="pytest xfail", body="import pytest\npytest.xfail('no')\n", says="XFailed"
    ),
    Fault(
        name="text of no text",
        body=(
            "class Silent(Exception):\n    def __str__(self):\n        return 5\n"
            "raise Silent\n"
        ),
        says="Silent",
    ),
    Fault(
        name="text that raises",
        body=(
            "class Loud(Exception):\n    def __str__(self):\n        raise self\n"
            "raise Loud\n"
        ),
        says="Loud",
    ),
    Fault(
        name="text without end",
        body="raise ValueError('x' * 10**7)\n",
        says="characters cut",
    ),
    Fault(
        name="name that raises",
        body=(
            "class Meta(type):\n    @property\n    def __name__(cls):\n"
            "        raise ValueError\n"
            "class Odd(Exception, metaclass=Meta):\n    pass\nraise Odd('odd')\n"
        ),
        says="Odd",
    ),
    Fault(
        name="surrogates and controls",
        body="raise ValueError('\\ud800\\x00\\x1b[31m::error::x')\n",
        says="ValueError",
    ),
    Fault(
        name="descriptors",
        body=(
            "kept = []\ntry:\n    while True:\n        kept.append(os.dup(2))\n"
            "except OSError:\n    pass\n"
        ),
        says="file descriptors",
    ),
    Fault(
        name="closes stdout", body="os.close(1)\n", says="closed the process's stdout"
    ),
    Fault(
        name="closes both",
        body="os.close(1)\nos.close(2)\n",
        says="closed the process's stdout and stderr",
    ),
    Fault(name="closes all", body="os.closerange(0, 256)\n", verdict="any"),
    Fault(name="no stdout object", body="sys.stdout = None\n", says="stdout"),
    Fault(name="changes folder", body="os.chdir('/')\n", verdict="passed"),
    Fault(name="an alarm", body="signal.setitimer(0, 0.5)\n", verdict="passed"),
    Fault(name="a low limit", body="sys.setrecursionlimit(60)\n", verdict="any"),
    Fault(
        name="no files may grow",
        body="resource.setrlimit(resource.RLIMIT_FSIZE, (0, -1))\n",
        verdict="passed",
    ),
    Fault(
        name="few descriptors",
        body="resource.setrlimit(resource.RLIMIT_NOFILE, (3, 4096))\n",
        verdict="any",
    ),
    Fault(name="forks and returns", body="os.fork()\n", verdict="passed"),
    Fault(
        name="forks, its parent ends",
        body="if os.fork():\n    os._exit(0)\n",
        says="exit status 0",
    ),
    Fault(
        name="a child that stays",
        body="subprocess.Popen(['sleep', '100'])\n",
        verdict="passed",
    ),
    Fault(
        name="a child in a session of its own",
        body="subprocess.Popen(['sleep', '100'], start_new_session=True)\n",
        verdict="passed",
    ),
    Fault(
        name="a fork in a session of its own",
        body="if not os.fork():\n    os.setsid()\n    time.sleep(100)\n",
        verdict="passed",
    ),
    Fault(
        name="a thread that stays",
        body="threading.Thread(target=time.sleep, args=(100,)).start()\n",
        verdict="any",
    ),
    Fault(name="hangs", body="time.sleep(100)\n", says="did not return within 8 s"),
    Fault(
        name="hangs in C with the lock",
        body="ctypes.PyDLL(None).pause()\n",
        says="did not return within 8 s",
    ),
    Fault(
        name="hangs and ignores signals",
        body=(
            "for each in (2, 6, 15):\n    signal.signal(each, signal.SIG_IGN)\n"
            "while True:\n    pass\n"
        ),
        says="did not return within 8 s",
    ),
    Fault(
        name="removes the record",
        body="for each in RECORDS():\n    os.remove(each)\n",
        says="removed the run's record",
    ),
    Fault(
        name="empties the record",
        body="for each in RECORDS():\n    open(each, 'w').close()\n",
        says="wrote to the run's record",
    ),
    Fault(
        name="writes into the record",
        body="for each in RECORDS():\n    open(each, 'a').write('{}\\n')\n",
        says="wrote to the run's record",
    ),
    Fault(
        name="writes over the record",
        body="for each in RECORDS():\n    open(each, 'r+').write('nonsense')\n",
        says="wrote to the run's record",
    ),
    Fault(
        name="removes the record and ends",
        body="for each in RECORDS():\n    os.remove(each)\nos._exit(0)\n",
        says="exit status 0",
    ),
    Fault(
        name="spoils the record and ends",
        body="for each in RECORDS():\n    open(each, 'w').write('{')\nos._exit(0)\n",
        says="exit status 0",
    ),
    Fault(
        name="removes the side files",
        body=(
            "for each in RECORDS():\n"
            "    for end in ('.current', '.observed', '.died'):\n"
            "        if os.path.exists(each + end):\n"
            "            os.remove(each + end)\n"
        ),
        verdict="passed",
    ),
    Fault(
        name="announces what is no check",
        body="announce('nonsense')\nos._exit(0)\n",
        says="exit status 0",
    ),
    Fault(
        name="announces another check",
        body="announce('masked_sum/gradient:float64:eager')\nos._exit(0)\n",
        says="exit status 0",
    ),
    Fault(
        name="announces a check of no plan",
        body="announce('masked_max/value:float32:eager')\nos._exit(0)\n",
        says="exit status 0",
    ),
    Fault(
        name="announces an observation",
        body="announce('observing T = 0: masked_sum')\nos._exit(0)\n",
        says="exit status 0",
    ),
    Fault(
        name="announces and goes on",
        body="announce('nonsense\\x00' * 10**6)\n",
        verdict="passed",
    ),
    Fault(
        name="a folder for what is announced",
        body="replace('.current', os.mkdir)\n",
        verdict="passed",
    ),
    Fault(
        name="a pipe for what is announced",
        body="replace('.current', os.mkfifo)\n",
        verdict="passed",
    ),
    Fault(
        name="a pipe for what is announced, and ends",
        body="replace('.current', os.mkfifo)\nos._exit(3)\n",
        says="exit status 3",
    ),
    Fault(
        name="a folder for what was observed",
        body="replace('.observed', os.mkdir)\n",
        verdict="passed",
    ),
    Fault(
        name="a pipe for what was observed, and ends",
        body="replace('.observed', os.mkfifo)\nos._exit(3)\n",
        says="exit status 3",
    ),
    Fault(
        name="a lie about deaths",
        body='write(\'.died\', \'[{"what":"x","message":"y"}]\')\n',
        verdict="passed",
    ),
    Fault(
        name="a lie about deaths, and ends",
        body="write('.died', '{\"what\":3')\nos._exit(3)\n",
        says="exit status 3",
    ),
    Fault(
        name="a folder for deaths, and ends",
        body="replace('.died', os.mkdir)\nos._exit(3)\n",
        says="exit status 3",
    ),
    Fault(
        name="a pipe for deaths, and ends",
        body="replace('.died', os.mkfifo)\nos._exit(3)\n",
        says="exit status 3",
    ),
    Fault(
        name="a folder for the record",
        body="replace('', os.mkdir)\n",
        says="wrote to the run's record",
    ),
    Fault(
        name="a pipe for the record",
        body="replace('', os.mkfifo)\n",
        says="wrote to the run's record",
    ),
    Fault(
        name="a link for the record",
        body="replace('', lambda path: os.symlink('/dev/zero', path))\n",
        says="wrote to the run's record",
    ),
    Fault(
        name="a folder for the record, and ends",
        body="replace('', os.mkdir)\nos._exit(3)\n",
        says="exit status 3",
    ),
    Fault(
        name="a pipe for the record, and ends",
        body="replace('', os.mkfifo)\nos._exit(3)\n",
        says="exit status 3",
    ),
    Fault(
        name="removes the folder",
        body="shutil.rmtree(os.path.dirname(RECORDS()[0]))\n",
        says="removed the run's record",
    ),
    Fault(
        name="prints a workflow command",
        body="print('::error::x')\nraise ValueError('x\\n::error::y')\n",
        says="ValueError",
    ),
    Fault(
        name="prints without a line's end",
        body="sys.stdout.write('x' * 100000)\n",
        verdict="passed",
    ),
    Fault(name="numpy raises", body="np.seterr(all='raise')\n", verdict="any"),
    Fault(name="warns", body="import warnings\nwarnings.warn('x')\n", verdict="passed"),
    Fault(name="no collector", body="gc.disable()\n", verdict="passed"),
    Fault(name="at exit", body="atexit.register(os._exit, 3)\n", verdict="passed"),
    Fault(
        name="the environment",
        body="os.environ.clear()\nsys.path.clear()\n",
        verdict="any",
    ),
]
"""What an adapter does in a call."""

IMPORTED = [
    Fault(name="exit 0", body="os._exit(0)\n"),
    Fault(name="exit 4", body="os._exit(4)\n"),
    Fault(name="exit 1", body="os._exit(1)\n"),
    Fault(name="sys.exit", body="sys.exit(0)\n", status=2),
    Fault(name="segfault", body="ctypes.string_at(0)\n"),
    Fault(name="killed", body="os.kill(os.getpid(), 9)\n"),
    Fault(name="raises", body="1 / 0\n", status=2),
    Fault(name="raises no Exception", body="raise GeneratorExit\n", status=2),
    Fault(
        name="skips",
        body="import pytest\npytest.skip('x', allow_module_level=True)\n",
        status=2,
    ),
    Fault(name="leaves pytest", body="import pytest\npytest.exit('x', 0)\n", status=2),
    Fault(name="lacks a module", body="import nothing_like_it\n", status=2),
    Fault(name="no syntax", body="def f(:\n", status=2),
    Fault(name="unmakes it", body="masked_sum = 3\n", status=1),
    Fault(name="forks, its parent ends", body="if os.fork():\n    os._exit(0)\n"),
    Fault(
        name="text that raises",
        body=(
            "class Loud(Exception):\n    def __str__(self):\n        raise self\n"
            "raise Loud\n"
        ),
        status=2,
    ),
    Fault(name="closes stdin and out", body="os.close(0)\nos.close(1)\n", status=0),
    Fault(name="another folder", body="os.chdir('/')\n", status=0),
    Fault(name="no path", body="sys.path.clear()\n"),
]
"""What an adapter does when it is imported, and the run's exit status."""

RECORDS = """

def RECORDS():
    # That of this process: the one beside it has done nothing.
    import glob
    own = [each for each in glob.glob("/proc/self/fd/*") if os.path.lexists(each)]
    own = {{os.readlink(each) for each in own}}
    found = glob.glob({pattern!r})
    return [each for each in found if each in own and not each.endswith(".current")]


def announce(text):
    write(".current", text + "\\n")


def write(end, text):
    for each in RECORDS():
        open(each + end, "w").write(text)


def replace(end, make):
    for each in RECORDS():
        if os.path.exists(each + end):
            os.remove(each + end)
        make(each + end)
"""
"""Functions that adapters have which look for the run's record and its side files."""
