"""`--device`: names, refusal, where a record goes, and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import conformance
from conformance.adapters.load import load_adapter, read_declaration
from conformance.check.evidence import _place_lines
from conformance.errors import AdapterError, UsageError
from conformance.records import read_header
from conformance.run.settings import Settings, decode_settings
from conformance.specification.device import (
    Placement,
    holds_on,
    kind_of,
    name_device,
    read_device,
)
from conformance.specification.selection import Selection
from conformance.trial.frameworks import numpy as framework

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.run.session import Session

PINNED = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# device = "{}"
# ///
import numpy as np

def masked_sum(x, mask):
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(keep, x, 0).sum(1, dtype=x.dtype)
"""


@pytest.mark.parametrize("text", ["cpu", "cpu:1", "cuda", "cuda:12", "gpu", "mps"])
def test_a_device_that_exists_somewhere_is_taken(text: str) -> None:
    assert read_device(text) == text


@pytest.mark.parametrize("text", ["", "tpu", "cuda:", "cuda:-1", "CUDA", "cuda:0 x"])
def test_a_device_that_exists_nowhere_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--device is '.*', expected cpu, cuda") as e:
        read_device(text)
    assert "\n" not in str(e.value)


def test_the_first_cpu_needs_no_number() -> None:
    assert [name_device("cpu"), name_device("cpu", 1)] == ["cpu", "cpu:1"]
    assert [kind_of("cuda:1"), kind_of("cpu"), kind_of("")] == ["cuda", "cpu", "cpu"]


@pytest.mark.parametrize(
    ("devices", "device", "want"),
    [
        ((), "cpu", True),
        ((), "", True),
        ((), "cuda:0", False),
        (("cuda",), "cuda:1", True),
        (("cuda",), "cpu", False),
        (("gpu",), "cuda:0", True),
        (("gpu",), "mps:0", True),
        (("gpu",), "cpu:1", False),
        (("cpu", "cuda"), "cpu:1", True),
    ],
)
def test_what_names_no_device_holds_on_the_cpu(
    devices: tuple[str, ...], device: str, want: object
) -> None:
    assert holds_on(devices, device) is want


def test_settings_carry_the_device_to_the_child() -> None:
    given = Placement(device="cuda:1", deterministic=True)
    settings = Settings(reference="x", placement=given)
    assert decode_settings(settings.encode()).placement == given
    assert given.options == {"device": "cuda:1", "deterministic": True}
    assert Placement().options == {}


def test_numpy_is_on_the_cpu_alone() -> None:
    framework.place("cpu", deterministic=True)
    assert (framework.device(), framework.promises_bits()) == ("cpu", True)
    with pytest.raises(UsageError, match=r"^--device gpu: NumPy computes on the CPU"):
        framework.place("gpu")


def test_an_adapter_that_pins_a_device_says_so(
    written: Callable[[str], Path],
) -> None:
    path = written(PINNED.format("cpu"))
    assert read_declaration(str(path)).device == "cpu"
    assert load_adapter(str(path), Placement(device="cpu")).declaration.device == "cpu"
    with pytest.raises(UsageError, match="pins device 'cpu' in its head"):
        load_adapter(str(path), Placement(device="cuda"))


def test_a_pinned_device_has_to_exist(written: Callable[[str], Path]) -> None:
    with pytest.raises(AdapterError, match="device in the head is 'tpu', expected cpu"):
        read_declaration(str(written(PINNED.format("tpu"))))
    with pytest.raises(UsageError, match="NumPy computes on the CPU alone"):
        load_adapter(str(written(PINNED.format("cuda"), name="other.py")))  # type: ignore[call-arg]


def test_an_object_can_pin_a_device_too() -> None:
    class Layers:
        declaration = conformance.Declaration(
            name="mine", framework="numpy", device="cpu"
        )

        def masked_sum(self, x: Any, mask: Any) -> Any:
            return (x * mask[..., None]).sum(1)

    assert load_adapter(Layers(), Placement(device="cpu")).declaration.device == "cpu"
    with pytest.raises(UsageError, match="pins device 'cpu'"):
        load_adapter(Layers(), Placement(device="mps"))
    with pytest.raises(UsageError, match="--device is 'tpu'"):
        conformance.parametrize_checks(Layers(), device="tpu")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "numpy_reference", "--device", "cuda"), "NumPy computes on the CPU"),
        (("run", "numpy_reference", "--device", "tpu"), "--device is 'tpu', expected"),
        (("smoke", "numpy_reference", "--device", "mps"), "NumPy computes on the CPU"),
        (("soak", "numpy_reference", "--device", "what"), "--device is 'what'"),
    ],
)
def test_a_device_that_is_not_there_is_one_sentence_and_status_2(
    command: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    where = () if arguments[0] == "smoke" else ("-o", tmp_path)
    ended = command(*arguments, *where)
    assert ended.returncode == 2
    lines = [line for line in ended.stderr.splitlines() if "begins" not in line]
    assert len(lines) == 1
    assert said in lines[0]
    assert not list(tmp_path.glob("*.jsonl"))


def test_the_pytest_option_takes_a_device(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "conformance.pytest_plugin"),
            *("-c", os.devnull, "--rootdir", tmp_path, "-p", "no:cacheprovider"),
            *("--pyargs", "conformance.suite", "--mask-adapter", "numpy_reference"),
            *("--mask-device", "cuda"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--device cuda: NumPy computes on the CPU alone" in ended.stderr


def test_the_record_says_the_device(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    asked = ("--operation", "masked_sum", "--level", "core", "--device", "cpu")
    ended = command("run", "numpy_reference", *asked, "-o", tmp_path)
    assert ended.returncode == 0, ended.stderr
    header = read_header(tmp_path / "numpy_reference.jsonl")
    assert header.device == "cpu"
    assert header.environment["device"].startswith("cpu ")


def test_all_adapters_that_cannot_run_there_are_left_out(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    ended = command("run", "--device", "cuda", "--check", "no/such", "-o", tmp_path)
    assert "left out: numpy_reference (runs on cpu only)" in ended.stdout


@pytest.mark.parametrize(
    ("framework_", "device", "want"),
    [
        ("torch", "cuda:1", "torch.set_default_device('cuda:1')"),
        ("tensorflow", "cuda:1", "tf.device('GPU:1').__enter__()"),
        ("tensorflow", "cpu", "tf.device('CPU:0').__enter__()"),
        ("jax", "cpu:1", "jax.devices('cpu')[1])"),
    ],
)
def test_a_snippet_puts_its_tensors_on_the_same_device(
    framework_: str, device: str, want: str
) -> None:
    (line,) = _place_lines(device, framework_)
    assert line.endswith(want)
    assert _place_lines("", framework_) == []


@pytest.mark.parametrize(
    ("device", "devices", "stale"),
    [
        ("cpu", "", True),
        ("cpu", 'devices = ["cuda"]', False),
        ("cuda:0", "", False),
        ("cuda:0", 'devices = ["cuda"]', True),
        ("cuda:0", 'devices = ["gpu", "cpu"]', True),
        ("mps:0", 'devices = ["cuda"]', False),
    ],
)
def test_stale_is_judged_for_the_device_of_the_run(
    opened: Callable[..., Session],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    device: str,
    devices: str,
    stale: object,
) -> None:
    monkeypatch.setattr(framework, "device", lambda: device)
    (tmp_path / "wrong.toml").write_text(
        '[[known]]\nchecks = ["masked_sum/value:float32:eager"]\nkind = "failed"\n'
        f'reason = "so it is"\n{devices}\n',
        encoding="utf-8",
    )
    selection = Selection(level="core", checks=("masked_sum/value:float32:eager",))
    session = opened(PINNED.format("cpu"), selection)
    assert bool(session.mistakes()) is False
    results = [session.run(check) for check in session.planned]
    assert [each.outcome for each in results] == ["passed"]
    assert bool(session.stale()) is stale
